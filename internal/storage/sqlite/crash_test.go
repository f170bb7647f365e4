package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// writerEnv makes the test binary a process that writes to the database of its
// working directory until somebody kills it.
const writerEnv = "KEYSTILE_TEST_WRITER"

// writeUntilKilled prints a line for each commit that was acknowledged.
func writeUntilKilled() {
	ctx := context.Background()
	s, err := Open("keys.db")
	if err == nil {
		err = s.Migrate(ctx)
	}
	for i := int64(1); err == nil; i++ {
		id := keys.ID(fmt.Sprintf("key_%d_%d", os.Getpid(), i))
		if err = insert(ctx, s, id); err != nil {
			break
		}
		fmt.Println("key", id)
		b := large(i, 1)
		if i%5 == 0 { // one that waits until somebody reads
			b = large(i, 300)
		}
		b.Incarnation, b.Cells[0].KeyID = fmt.Sprint(os.Getpid()), "key_used"
		if err = s.ApplyUsage(ctx, b); err != nil {
			break
		}
		fmt.Println("call", i)
		if i%7 == 0 {
			_, err = callsOf(ctx, s, "key_used")
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// killWriter lets a process write until it acknowledged so many commits, kills
// it, and returns what it had said by then.
func killWriter(t *testing.T, folder string, lines int) (acknowledged []keys.ID, calls int) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	writer := exec.CommandContext(t.Context(), self)
	writer.Env = append(os.Environ(), writerEnv+"=yes")
	writer.Dir = folder
	writer.Stderr = os.Stderr
	out, err := writer.StdoutPipe()
	must(t, err)
	must(t, writer.Start())
	said := bufio.NewScanner(out)
	for n := 1; said.Scan(); n++ { // to the end: what it says while it is killed counts
		if id, isKey := strings.CutPrefix(said.Text(), "key "); isKey {
			acknowledged = append(acknowledged, keys.ID(id))
		} else {
			calls++
		}
		if n == lines {
			must(t, writer.Process.Kill())
		}
	}
	if err := writer.Wait(); err == nil || len(acknowledged) < lines/2 {
		t.Fatalf("the writer ended by itself (%v) after %d keys", err, len(acknowledged))
	}
	return acknowledged, calls
}

// For the store.
func TestSQLITE03KilledProcessLosesNothingThatItAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.db")
	var acknowledged []keys.ID
	calls, rounds := 0, []int{1, 7, 40, 111, 60}
	for _, lines := range rounds {
		ids, counted := killWriter(t, filepath.Dir(path), lines)
		acknowledged, calls = append(acknowledged, ids...), calls+counted
	}
	checkIntegrity(t, raw(t, path))
	s := open(t, path)
	must(t, s.Migrate(t.Context()))
	for _, id := range acknowledged {
		if key, err := lookup(t.Context(), s, id); err != nil || key == nil {
			t.Errorf("%s was acknowledged and is %v (%v)", id, key, err)
		}
	}
	stored := len(list(t, s))
	if most := len(acknowledged) + len(rounds); stored > most {
		t.Errorf("%d keys are stored, want at most %d", stored, most)
	}
	wantWholeLog(t, s, stored)
	stillHas, err := callsOf(t.Context(), s, "key_used")
	must(t, err)
	if stillHas < int64(calls) || stillHas > int64(calls+len(rounds)) {
		t.Errorf("%d calls are stored, %d were acknowledged by %d writers", stillHas, calls, len(rounds))
	}
}

// wantWholeLog checks that the log names each stored key, without a gap.
func wantWholeLog(t *testing.T, s *Store, stored int) {
	t.Helper()
	changes, err := s.Changes(t.Context(), storage.Position{}, stored+10)
	must(t, err)
	if len(changes) != stored {
		t.Errorf("the log has %d changes for %d keys", len(changes), stored)
	}
	for i := range changes {
		if changes[i].Revision != storage.Revision(i+1) {
			t.Fatalf("change %d has revision %d", i+1, changes[i].Revision)
		}
	}
	if head, err := s.Confirm(t.Context()); err != nil || int(head.Revision) != stored {
		t.Errorf("got head %v (%v)", head, err)
	}
}

func TestProcessesThatStartAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.db")
	t.Run("processes", func(t *testing.T) {
		for i := range 4 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				killWriter(t, filepath.Dir(path), 3)
			})
		}
	})
	s := open(t, path)
	must(t, s.Migrate(t.Context()))
	wantWholeLog(t, s, len(list(t, s)))
	var times int
	must(t, raw(t, path).QueryRowContext(t.Context(), `SELECT count(*) FROM schema_version WHERE version_id = 1`).Scan(&times))
	if times != 1 {
		t.Errorf("the first migration ran %d times", times)
	}
}
