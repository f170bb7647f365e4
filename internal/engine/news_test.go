package engine

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// telling is a store that tells of news, and is never asked in time.
type telling struct {
	storage.Store
	tell func()
}

func (s *telling) OnNews(fn func())            { s.tell = fn }
func (s *telling) PollInterval() time.Duration { return time.Hour }

func TestAChangeThatTheStoreTellsOfIsInForceBeforeTheNextPoll(t *testing.T) {
	t.Parallel()
	f := setup(t)
	told := &telling{}
	f.Engine = f.openOn(told, &Settings{MaxStaleness: 24 * time.Hour, FlushInterval: time.Hour, CacheSize: 1000})
	k, secret := f.key(f.other, nil)
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("new key: %q", got)
	}
	f.revoke(f.other, k)
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("nobody told of it, and the key is %q", got)
	}
	told.tell()
	late := time.After(20 * time.Second)
	for f.status(secret) != keys.Revoked {
		select {
		case <-late:
			t.Fatal("it is never in force")
		case <-time.After(time.Millisecond):
		}
	}
}
