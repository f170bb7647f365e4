package postgres

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// maxNews bounds what is said of changes: a payload of NOTIFY has less than
// 8,000 bytes, and the position before them comes first.
const maxNews = 7500

// told is a change as it is told of. Whoever may connect to the database can
// listen: of digests there is no more in it than what a node needs to find
// what it has in memory.
type told struct {
	Subject storage.Subject         `json:"s"`
	Name    string                  `json:"n"`
	Tails   [][keys.DigestTail]byte `json:"d,omitempty"`
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
		one := told{Subject: c.Subject, Name: c.Name}
		for _, d := range c.Digests {
			one.Tails = append(one.Tails, d.Tail())
		}
		all = append(all, one)
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
		var digests []keys.Digest
		for _, tail := range one.Tails {
			digests = append(digests, keys.DigestOfTail(tail))
		}
		news.Changes = append(news.Changes, storage.Change{
			Position: storage.Position{Revision: after.Revision + 1}, Subject: one.Subject, Name: one.Name, Digests: digests,
		})
	}
	return news
}
