package postgres

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// maxNews bounds what is said of changes: a payload of NOTIFY has less than
// 8,000 bytes, and the position before them comes first.
const maxNews = 7500

// told is a change as it is told of.
type told struct {
	Subject storage.Subject `json:"s"`
	Name    string          `json:"n"`
	Digests []byte          `json:"d,omitempty"` // one behind the other
}

// announce writes changes for those who listen; empty where they are too many.
// logChanges puts the position before them in front.
func announce(changes []storage.Change) string {
	if len(changes) > maxNews/len(`{"s":"","n":""}`) {
		return ""
	}
	var all []told
	for i := range changes {
		c := &changes[i]
		all = append(all, told{c.Subject, c.Name, sqlcore.JoinDigests(c.Digests)})
	}
	text, err := json.Marshal(all)
	if err != nil || len(text) > maxNews {
		return ""
	}
	return string(text)
}

// understand reads what was announced. What it can't read is news that say
// nothing: anybody who may use the database can send it.
func understand(payload string) storage.News {
	words := strings.SplitN(payload, " ", 3)
	if len(words) < 3 {
		return storage.News{}
	}
	revision, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil || revision < 0 {
		return storage.News{}
	}
	var all []told
	if err := json.Unmarshal([]byte(words[2]), &all); err != nil {
		return storage.News{}
	}
	after := storage.Position{Revision: storage.Revision(revision), ID: words[1]}
	news := storage.News{After: after}
	for _, one := range all {
		digests, err := sqlcore.SplitDigests(one.Digests)
		if err != nil {
			return storage.News{}
		}
		news.Changes = append(news.Changes, storage.Change{
			Position: storage.Position{Revision: after.Revision + 1}, Subject: one.Subject, Name: one.Name, Digests: digests,
		})
	}
	return news
}
