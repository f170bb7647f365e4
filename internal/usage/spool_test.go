package usage_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/keystile/keystile/internal/usage"
)

// spooled returns the names of the files in the spool.
func (b *bench) spooled(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(b.cfg.SpoolDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// die stops with a store that doesn't answer.
func (b *bench) die(t *testing.T) {
	t.Helper()
	b.store.fail(errDown, nil)
	if err := b.Stop(); err != nil {
		t.Fatalf("stop with the store down: %v", err)
	}
	b.store.fail(nil, nil)
}

// next is the next start of the process.
func (b *bench) next() *bench { return setupOn(b.store, b.cfg.SpoolDir) }

func (b *bench) wantReplay(t *testing.T, want error) {
	t.Helper()
	if err := b.Replay(t.Context()); !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Fatalf("replay: %v, want %v", err, want)
	}
}

func (b *bench) wantSpooled(t *testing.T, want int) {
	t.Helper()
	if got := b.spooled(t); len(got) != want {
		t.Errorf("files in the spool: %v, want %d", got, want)
	}
}

func TestWhatTheLastFlushCouldNotWriteIsWrittenAtTheNextStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.count("key_1", 10)
	b.die(t)
	b.store.wantCalls("key_1", 0)
	b.wantSpooled(t, 1)
	next := b.next()
	next.wantReplay(t, nil)
	b.store.wantCalls("key_1", 10)
	next.wantSpooled(t, 0)
	next.wantReplay(t, nil)
	b.next().wantReplay(t, nil)
	b.store.wantCalls("key_1", 10)
}

func TestSpooledBatchInDoubtIsCountedOnceWithWhatCameAfterIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	usage.SetBatchBound(b.Recorder, 2)
	b.count("key_1", 10)
	b.store.fail(nil, errLost)
	b.flush(t, errLost) // is in the store, unknown to us
	b.count("key_1", 100)
	for range 3 {
		b.count("key_1", 1)
		b.count("key_2", 1)
		b.count("key_3", 1)
		b.Counters("key_4").Count(denial(noon))
	}
	b.die(t)
	b.wantSpooled(t, 3) // the frozen one, and four cells in twos
	b.next().wantReplay(t, nil)
	b.store.wantCalls("key_1", 113)
	b.store.wantCalls("key_2", 3)
}

func TestReplayThatIsCutShortGoesOnAtTheNextStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	usage.SetBatchBound(b.Recorder, 1)
	b.count("key_1", 1)
	b.count("key_2", 1)
	b.count("key_3", 1)
	b.die(t)
	b.wantSpooled(t, 3)
	b.store.fail(nil, errLost) // each start brings one batch home, and doesn't know
	for range 3 {
		b.next().wantReplay(t, errLost)
	}
	b.store.fail(nil, nil)
	b.next().wantReplay(t, nil)
	for _, cell := range b.store.backup().cells {
		if cell.Count != 1 {
			t.Errorf("%s is counted %d times", cell.KeyID, cell.Count)
		}
	}
	if got := len(b.store.backup().cells); got != 3 {
		t.Errorf("%d cells in the store, want 3", got)
	}
	b.wantSpooled(t, 0)
}

func TestFlushesReplayOnceTheStoreAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.count("key_1", 10)
		b.die(t)
		next := b.next()
		next.store.fail(errDown, nil)
		next.wantReplay(t, errDown)
		next.Start(t.Context())
		time.Sleep(time.Minute)
		next.store.fail(nil, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		b.store.wantCalls("key_1", 10)
		if err := next.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestSpoolsOfSeveralRunsAreAllReplayed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		b.count("key_1", 10)
		b.die(t)
		b = b.next()
	}
	b.wantSpooled(t, 3)
	b.wantReplay(t, nil)
	b.store.wantCalls("key_1", 30)
}

func TestFlusherThatIsStartedAgainBringsItsOwnSpoolHome(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.count("key_1", 10)
	b.flush(t, nil)
	b.count("key_1", 10)
	b.die(t)
	b.count("key_1", 10)
	b.flush(t, nil)
	b.count("key_1", 10)
	b.flush(t, nil)
	b.store.wantCalls("key_1", 40)
	b.wantSpooled(t, 0)
}

func TestSpoolReplayedIntoARestoredStoreIsCountedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old := b.store.backup()
	b.count("key_1", 1)
	b.flush(t, nil)
	b.count("key_1", 10)
	b.die(t)
	b.store.restore(old)
	b.store.fail(nil, errLost)
	b.next().wantReplay(t, errLost)
	b.store.fail(nil, nil)
	b.next().wantReplay(t, nil)
	b.store.wantCalls("key_1", 10)
}

func TestSpoolIsForItsOwnerOnlyAndLeavesNothingElseBehind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.SpoolDir = filepath.Join(b.cfg.SpoolDir, "not", "there", "yet")
	b = b.next()
	b.wantReplay(t, nil)
	b.count("key_1", 10)
	b.die(t)
	b.wantSpooled(t, 1)
	info, err := os.Stat(filepath.Join(b.cfg.SpoolDir, b.spooled(t)[0]))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("spool file: %v, %v; want mode 0600", info.Mode(), err)
	}
}

func TestCorruptSpoolIsKeptUnderAnotherNameAndReported(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"cut off":         func(data []byte) []byte { return data[:len(data)-10] },
		"empty":           func([]byte) []byte { return nil },
		"one bit flipped": func(data []byte) []byte { return bytes.Replace(data, []byte(`"count":1`), []byte(`"count":3`), 1) },
		"something else":  func([]byte) []byte { return []byte("SQLite format 3\x00") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			usage.SetBatchBound(b.Recorder, 1)
			b.count("key_1", 1)
			b.count("key_2", 1)
			b.die(t)
			damaged := damageFirst(t, b, damage)
			next := b.next()
			next.wantReplay(t, usage.ErrCorrupt)
			next.wantReplay(t, nil) // reported once
			if got := len(b.store.backup().cells); got != 1 {
				t.Errorf("%d cells in the store, want that of the whole file", got)
			}
			kept, err := os.ReadFile(filepath.Join(b.cfg.SpoolDir, b.spooled(t)[0]))
			if err != nil || string(kept) != string(damaged) || !strings.Contains(b.spooled(t)[0], ".corrupt") {
				t.Errorf("the damaged file is not kept as it was: %v, %v", b.spooled(t), err)
			}
		})
	}
}

// damageFirst damages the first of two files.
func damageFirst(t *testing.T, b *bench, damage func([]byte) []byte) []byte {
	t.Helper()
	b.wantSpooled(t, 2)
	path := filepath.Join(b.cfg.SpoolDir, b.spooled(t)[0])
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = damage(data)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCorruptSpoolNeverTakesTheNameOfAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	name := filepath.Join(b.cfg.SpoolDir, "usage-"+uuid.NewString()+"-000000000001.spool")
	for i, text := range []string{"one", "two", "three"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b.next().wantReplay(t, usage.ErrCorrupt)
		b.wantSpooled(t, i+1)
	}
}

func TestWithoutASpoolTheLossIsReportedWithItsSize(t *testing.T) {
	t.Parallel()
	b := setupOn(newStore(t), "")
	b.count("key_1", 10)
	b.Counters("key_1").Count(denial(noon))
	b.store.fail(errDown, nil)
	if err := b.Stop(); !errors.Is(err, errDown) || !strings.Contains(err.Error(), "10 calls are not counted") {
		t.Errorf("stop without a spool: %v", err)
	}
}

func TestSpoolThatCannotBeWrittenLosesNothingWhileTheProcessLives(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.cfg.SpoolDir = filepath.Join(b.cfg.SpoolDir, "file")
	if err := os.WriteFile(b.cfg.SpoolDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b = b.next()
	b.count("key_1", 10)
	b.store.fail(errDown, nil)
	if err := b.Stop(); !errors.Is(err, errDown) || !strings.Contains(err.Error(), "10 calls are not counted") {
		t.Errorf("stop without a place for the spool: %v", err)
	}
	if n := b.Unwritten(); n != 10 {
		t.Errorf("%d calls unwritten, want 10", n)
	}
	b.store.fail(nil, nil)
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
	if n := b.Unwritten(); n != 0 {
		t.Errorf("%d calls unwritten, want none", n)
	}
	b.store.wantCalls("key_1", 10)
}
