package engine

import (
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func TestAChangeOfThisProcessIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.Store(), nil)
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("new key: %q", got)
	}
	f.revoke(f.Store(), k)
	if got := f.status(secret); got != keys.Revoked {
		t.Fatalf("revoked key: %q", got)
	}
}

func TestAChangeOfAnotherProcessIsInForceWithTheNextPoll(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("new key: %q", got)
	}
	f.revoke(f.other, k)
	f.follower.poll(t.Context())
	if got := f.status(secret); got != keys.Revoked {
		t.Fatalf("revoked key: %q", got)
	}
}

func TestRACE06AKeyThatWasUnknownWorksOnceItIsMade(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.format.Mint(keys.Live)
	if got := f.status(secret.Reveal()); got != "" {
		t.Fatalf("unknown key: %q", got)
	}
	f.key(f.Store(), func(k *keys.Key) { k.Digest = keys.FingerprintOf(secret.Reveal()) })
	if got := f.status(secret.Reveal()); got != keys.Active {
		t.Fatalf("now that it is made: %q", got)
	}
}

func TestAShorterMaxStalenessIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, secret := f.key(f.Store(), nil)
	f.status(secret)
	shorter := &Settings{MaxStaleness: time.Second, FlushInterval: time.Hour, CacheSize: 1000}
	must(t, f.Start(t.Context(), shorter))
	if soon := f.now().Add(time.Second - 1); f.blind(soon) {
		t.Error("memory isn't believed for as long as it may be")
	}
	if later := f.now().Add(time.Second); !f.blind(later) {
		t.Error("memory is believed for as long as the settings before said")
	}
	f.Retire(shorter)
	f.follower.poll(t.Context())
	if later := f.now().Add(time.Minute); f.blind(later) {
		t.Error("memory isn't believed longer again")
	}
}

func TestMemoryIsNotBelievedPastMaxStaleness(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, secret := f.key(f.Store(), nil)
	f.status(secret)
	before := f.Stats().StoreReads.Load()
	f.status(secret)
	if n := f.Stats().StoreReads.Load() - before; n != 0 {
		t.Fatalf("%d reads of the store while memory is good", n)
	}
	must(t, f.Store().Close()) // nothing confirms any more
	f.offset.Store(int64(time.Hour - time.Second))
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("just before the end: %q", got)
	}
	f.offset.Store(int64(time.Hour + time.Second))
	if _, _, err := f.Find(f.t.Context(), secret, f.now()); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("past the end: %v", err)
	}
}

func TestADatabaseThatWasRestoredFromABackupIsReadAnew(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	backup := f.path + ".backup"
	f.vacuumInto(backup)
	f.revoke(f.other, k)
	f.follower.poll(t.Context())
	if got := f.status(secret); got != keys.Revoked {
		t.Fatalf("before the restore: %q", got)
	}
	must(t, f.other.Close())
	f.restore(backup)
	f.follower.poll(t.Context())
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("after the restore: %q", got)
	}
}

func TestAProjectOfAnotherWorkspaceIsKnownAsSuchAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ask := func() ProjectOf {
		got, err := f.ProjectOf(t.Context(), storage.DefaultWorkspace, "p1")
		must(t, err)
		return got
	}
	if got := ask(); got.Elsewhere || got.Label.Value() != "(other)" {
		t.Fatalf("unregistered: %+v", got)
	}
	f.update(f.Store(), func(tx storage.Tx) error {
		if err := tx.InsertWorkspace(t.Context(), storage.Workspace{Name: "acme", CreatedAt: f.start}); err != nil {
			return err
		}
		return tx.InsertProject(t.Context(), storage.Project{Name: "p1", Workspace: "acme", CreatedAt: f.start})
	})
	if got := ask(); !got.Elsewhere {
		t.Fatalf("registered in another workspace: %+v", got)
	}
	if got, err := f.ProjectOf(t.Context(), "acme", "p1"); err != nil || got.Elsewhere || got.Label.Value() != "p1" {
		t.Fatalf("registered in this workspace: %+v, %v", got, err)
	}
}

// vacuumInto backs the database up while it is in use.
func (f *fixture) vacuumInto(path string) {
	f.t.Helper()
	f.sql("VACUUM INTO ?", path)
}

// sql has the database file do what no store does.
func (f *fixture) sql(statement string, args ...any) {
	f.t.Helper()
	db, err := sql.Open("sqlite", f.path+"?_pragma=busy_timeout(5000)")
	must(f.t, err)
	_, err = db.ExecContext(f.t.Context(), statement, args...)
	must(f.t, errors.Join(err, db.Close()))
}

// restore puts a backup in the place of the database.
func (f *fixture) restore(backup string) {
	f.t.Helper()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(f.path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			f.t.Fatal(err)
		}
	}
	must(f.t, os.Rename(backup, f.path))
}
