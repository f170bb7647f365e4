package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// hold takes the database as another process would, until the returned
// function is called.
func hold(t *testing.T, path string) (release func()) {
	t.Helper()
	tx, err := raw(t, path).BeginTx(t.Context(), nil)
	must(t, err)
	return func() { must(t, tx.Rollback()) }
}

// For the store.
func TestSQLITE02DatabaseHeldByAnotherProcessCanBeReadAndIsWrittenOnceItIsFree(t *testing.T) {
	t.Parallel()
	s := setup(t, BusyTimeout(50*time.Millisecond))
	must(t, insert(t.Context(), s, "key_a"))
	release := hold(t, s.path)

	if key, err := lookup(t.Context(), s, "key_a"); err != nil || key == nil {
		t.Errorf("got key %v (%v) while the database is held", key, err)
	}
	if _, err := s.Confirm(t.Context()); err != nil {
		t.Errorf("confirm while the database is held: %v", err)
	}
	wantLine(t, insert(t.Context(), s, "key_b"), "held by another process")
	wantLine(t, s.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "a", Sequence: 1}), "held by another process")

	release()
	must(t, insert(t.Context(), s, "key_b"))
	must(t, s.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "a", Sequence: 1}))
}

func TestWriterWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	s := setup(t, BusyTimeout(time.Minute))
	release := hold(t, s.path)
	done := make(chan error, 1)
	go func() { done <- insert(t.Context(), s, "key_a") }()
	release()
	must(t, <-done)
}

func TestWriterInTheQueueWaitsNoLongerThanTheFirst(t *testing.T) {
	t.Parallel()
	s := setup(t, BusyTimeout(20*time.Millisecond))
	s.writer <- struct{}{} // a writer that has its turn and doesn't end
	wantLine(t, insert(t.Context(), s, "key_a"), "other writers")
	wantLine(t, s.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "a", Sequence: 1}), "other writers")
	<-s.writer
	must(t, insert(t.Context(), s, "key_a"))
}

func TestWaitForAnotherProcessHonoursTheContext(t *testing.T) {
	t.Parallel()
	s := setup(t, BusyTimeout(time.Hour))
	release := hold(t, s.path)
	ctx, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer end()
	if err := insert(ctx, s, "key_a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's end", err)
	}
	release()
	must(t, insert(t.Context(), s, "key_a"))
}

// limitPages makes the writer's disk full.
func limitPages(t *testing.T, s *Store, pages int) {
	t.Helper()
	c, err := s.connect()
	must(t, err)
	var got int
	must(t, c.write.QueryRowContext(t.Context(), fmt.Sprintf(`PRAGMA max_page_count = %d`, pages)).Scan(&got))
}

// For the store. SQLite undoes the whole transaction when the disk
// is full, so an Update that goes on must not commit what comes after.
func TestSQLITE01FullDiskLosesNothingAndCommitsNoHalfOfAnUpdate(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, insert(t.Context(), s, "key_a"))
	before, err := s.Confirm(t.Context())
	must(t, err)
	limitPages(t, s, 1) // SQLite raises it to what there is

	announced := false
	s.OnCommit(func([]storage.Change) { announced = true })
	_, err = s.Update(t.Context(), func(tx storage.Tx) error {
		big := newKey("key_big")
		big.Description = string(make([]byte, 1<<20))
		_ = tx.InsertKey(t.Context(), newKey("key_small"))
		_ = tx.InsertKey(t.Context(), big)
		_ = tx.InsertKey(t.Context(), newKey("key_after"))
		return nil
	})
	wantLine(t, err, "disk is full")
	if announced {
		t.Error("a change was announced that can't be committed")
	}
	if head, err := s.Confirm(t.Context()); err != nil || head != before {
		t.Errorf("got head %v (%v), want %v", head, err, before)
	}
	if ids := list(t, s); len(ids) != 1 || ids[0] != "key_a" {
		t.Errorf("got keys %v, want key_a alone", ids)
	}
	limitPages(t, s, 1<<30)
	must(t, insert(t.Context(), s, "key_b"))
	checkIntegrity(t, raw(t, s.path))
}

func checkIntegrity(t testing.TB, db *sql.DB) {
	t.Helper()
	var verdict string
	must(t, db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&verdict))
	if verdict != "ok" {
		t.Errorf("integrity check: %s", verdict)
	}
}
