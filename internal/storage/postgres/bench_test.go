package postgres

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
		key, err := find(b.Context(), s, keys.ID(fmt.Sprintf("key_%d", i%count)))
		if err != nil || key == nil {
			b.Fatal(key, err)
		}
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

func BenchmarkUpdate(b *testing.B) {
	s := setup(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, err := insert(b.Context(), s, keys.ID(fmt.Sprintf("key_%d", i)))
		must(b, err)
	}
}

// BenchmarkNews is from the call of a change until another handle has heard of
// it.
func BenchmarkNews(b *testing.B) {
	s := setup(b)
	_, news := heard(b, s.cfg.pool.ConnString())
	for i := 0; b.Loop(); i++ {
		drain(news)
		_, err := insert(b.Context(), s, keys.ID(fmt.Sprintf("key_%d", i)))
		must(b, err)
		<-news
	}
}

func BenchmarkApplyUsage(b *testing.B) { storagetest.Flush(b, setup(b)) }
