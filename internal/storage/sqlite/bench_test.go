package sqlite

import (
	"fmt"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/storagetest"
)

func BenchmarkLookup(b *testing.B) {
	s := setup(b)
	const count = 1000
	_, err := s.Update(b.Context(), func(tx storage.Tx) error {
		for i := range count {
			if err := tx.InsertKey(b.Context(), newKey(keys.ID(fmt.Sprintf("key_%d", i)))); err != nil {
				return err
			}
		}
		return nil
	})
	must(b, err)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key, err := lookup(b.Context(), s, keys.ID(fmt.Sprintf("key_%d", i%count)))
		if err != nil || key == nil {
			b.Fatal(key, err)
		}
	}
}

func BenchmarkConfirm(b *testing.B) {
	s := setup(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Confirm(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	s := setup(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		must(b, insert(b.Context(), s, keys.ID(fmt.Sprintf("key_%d", i))))
	}
}

func BenchmarkApplyUsage(b *testing.B) { storagetest.Flush(b, setup(b)) }

// BenchmarkApplyDenials flushes a thousand cells and as many denials as are
// noted at most between two flushes.
func BenchmarkApplyDenials(b *testing.B) {
	s, batch := setup(b), storage.UsageBatch{Incarnation: "a"}
	for i := range 1000 {
		batch.Cells = append(batch.Cells, storage.UsageCell{KeyID: keys.ID(fmt.Sprint("key_", i)), Hour: noon, Outcome: "2xx", Count: 1, Last: noon})
	}
	for i := range 250 {
		batch.Denials = append(batch.Denials, storage.Denial{RequestID: fmt.Sprintf("4be2ad27-8fd3-4a1b-9d4e-%012d", i), At: noon, Code: "missing_key"})
	}
	b.ReportAllocs()
	for b.Loop() {
		batch.Sequence++
		must(b, s.ApplyUsage(b.Context(), batch))
	}
}

func BenchmarkBeat(b *testing.B) {
	s := setup(b)
	must(b, insert(b.Context(), s, "key_a"))
	head, err := s.Register(b.Context(), storage.Node{Incarnation: "a", Name: "a", Trust: time.Second})
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Beat(b.Context(), storage.Beat{Incarnation: "a", Applied: head, Trust: time.Second})
		must(b, err)
	}
}

func BenchmarkAttend(b *testing.B) {
	s := setup(b)
	_, err := s.Register(b.Context(), storage.Node{Incarnation: "a", Name: "a", Trust: time.Second})
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _, err := s.Attend(b.Context(), storage.Beat{Incarnation: "a", Trust: time.Second})
		must(b, err)
	}
}

// BenchmarkAttendAfterABeat is what one node's beat costs each of the others.
func BenchmarkAttendAfterABeat(b *testing.B) {
	s := setup(b)
	other := open(b, s.path)
	for _, name := range []string{"a", "b"} {
		_, err := s.Register(b.Context(), storage.Node{Incarnation: name, Name: name, Trust: time.Second})
		must(b, err)
	}
	for b.Loop() {
		b.StopTimer()
		_, err := s.Beat(b.Context(), storage.Beat{Incarnation: "a", Trust: time.Second})
		must(b, err)
		b.StartTimer()
		_, _, err = other.Attend(b.Context(), storage.Beat{Incarnation: "b", Trust: time.Second})
		must(b, err)
	}
}
