package sqlite

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// anyUser is the user of a store that doesn't ask whose its file is.
const anyUser = -1

// StrangerError says that a database belongs to another user.
type StrangerError struct {
	Path        string
	Owner, User int // user IDs
}

// Error implements error.
func (e *StrangerError) Error() string {
	return fmt.Sprintf("%s belongs to %s, and this runs as %s: files that it leaves beside the database would lock the owner out; run it as %s, or over the API",
		e.Path, userName(e.Owner), userName(e.User), userName(e.Owner))
}

// OwnedBy makes every call fail with a StrangerError while the database
// belongs to another user than this one. SQLite keeps files beside a database,
// and makes them as whoever opens it first: a gate could not write them then.
// Where a platform has no user IDs, it changes nothing.
func OwnedBy(user int) Option { return func(s *Store) { s.user = user } }

func (s *Store) refuseStranger(file os.FileInfo) error {
	if s.user == anyUser {
		return nil
	}
	if owner, known := ownerOf(file); known && owner != s.user {
		return &StrangerError{Path: s.path, Owner: owner, User: s.user}
	}
	return nil
}

// userName is a user's name, or the ID of one that has none here.
func userName(id int) string {
	if who, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return who.Username
	}
	return fmt.Sprintf("user %d", id)
}
