package sqlite

import "github.com/keystile/keystile/internal/storage"

// reader implements storage.Reader on one transaction.
type reader struct {
	*session
	bounds
	onCorrupt func(id string, err error)
}

var _ storage.Reader = (*reader)(nil)

// transaction implements storage.Tx, and collects what is to be logged.
type transaction struct {
	reader
	changes []storage.Change
}

var _ storage.Tx = (*transaction)(nil)

// log notes a change; its place in the log is given before the commit.
func (t *transaction) log(c storage.Change) { t.changes = append(t.changes, c) }
