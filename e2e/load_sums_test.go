package e2e

import (
	"context"
	"encoding/binary"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// sum is what a store holds on the use of one key.
type sum struct {
	total           int64 // total_calls
	allowed, denied int64 // of the cells
}

// sums reads what databases hold on keys, added up.
func sums(t testing.TB, made []key, databases ...string) map[string]sum {
	t.Helper()
	ids := make([]keys.ID, len(made))
	for i, k := range made {
		ids[i] = keys.ID(k.ID)
	}
	all := make(map[string]sum, len(made))
	for _, database := range databases {
		view(t, database, func(ctx context.Context, r storage.Reader) error { return addSums(ctx, r, ids, all) })
	}
	return all
}

// view reads a database as another process does. It is a file, or the address
// of one on a server.
func view(t testing.TB, database string, fn func(context.Context, storage.Reader) error) {
	t.Helper()
	store, err := openStore(database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := context.Background()
	if err := store.View(ctx, func(r storage.Reader) error { return fn(ctx, r) }); err != nil {
		t.Fatalf("read %s: %v", database, err)
	}
}

func addSums(ctx context.Context, r storage.Reader, ids []keys.ID, all map[string]sum) error {
	totals := map[keys.ID]storage.UsageTotal{}
	const atOnce = 500
	for some := range slices.Chunk(ids, atOnce) {
		part, err := r.UsageTotals(ctx, some)
		if err != nil {
			return err
		}
		for id, total := range part {
			totals[id] = total
		}
	}
	for _, id := range ids {
		cells, err := r.UsageCells(ctx, id, time.Time{}, time.Time{})
		if err != nil {
			return err
		}
		s := all[string(id)]
		s.total += totals[id].Calls
		for _, cell := range cells {
			if cell.Denied {
				s.denied += cell.Count
			} else {
				s.allowed += cell.Count
			}
		}
		all[string(id)] = s
	}
	return nil
}

// wantSums fails the test unless databases hold, for each key, exactly what its
// clients counted.
func wantSums(t testing.TB, c *crowd, made []key, databases ...string) {
	t.Helper()
	stored := sums(t, made, databases...)
	var want, got sum
	wrong := 0
	for _, k := range made {
		counted := tally{}
		if seen := c.tally[k.ID]; seen != nil {
			counted = *seen
		}
		s := stored[k.ID]
		if s != (sum{counted.allowed, counted.allowed, counted.denied}) {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: the store holds %+v, its clients counted %d allowed and %d denied", k.ID, s, counted.allowed, counted.denied)
			}
		}
		want.allowed, want.denied = want.allowed+counted.allowed, want.denied+counted.denied
		got.total, got.allowed, got.denied = got.total+s.total, got.allowed+s.allowed, got.denied+s.denied
	}
	if wrong > 0 {
		t.Errorf("%d of %d keys are wrong: the store holds %+v in all, clients counted %d allowed and %d denied", wrong, len(made), got, want.allowed, want.denied)
	}
	t.Logf("clients counted %d allowed and %d denied calls; the store holds %d, %d in cells, and %d denied", want.allowed, want.denied, got.total, got.allowed, got.denied)
}

// commits counts, from outside, the transactions that were committed to a
// database since a process opened it: SQLite keeps the number in the index of
// its log, twice (https://sqlite.org/walformat.html, section 2.1).
type commits struct {
	t testing.TB
	// index stays open to the end of the test: closing it would drop the locks
	// that this process has on it (POSIX).
	index *os.File
}

func newCommits(t testing.TB, database string) *commits {
	t.Helper()
	index, err := os.Open(database + "-shm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = index.Close() }) // it was only read
	return &commits{t, index}
}

func (c *commits) count() int64 {
	c.t.Helper()
	const header, iChange = 48, 8
	var twice [2 * header]byte
	eventually(c.t, time.Second, "nobody is writing the index of the log", func() bool {
		_, err := c.index.ReadAt(twice[:], 0)
		return err == nil && [header]byte(twice[:header]) == [header]byte(twice[header:])
	})
	return int64(binary.NativeEndian.Uint32(twice[iChange:]))
}

// lock holds a database against every other writer until the function that it
// returns is called.
func lock(t testing.TB, database string) (release func()) {
	t.Helper()
	db, err := openSQL(database)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := db.Exec("ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
