package storagetest

import (
	"context"
	"errors"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var contextGuarantees = []guarantee{
	{"EndedContextIsNoAnswer", endedContext},
	{"WriterThatWaitsForItsTurnHonoursItsContext", waitingWriter},
}

// everyCall asks a store everything that can be asked.
func everyCall(s storage.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Migrate": s.Migrate,
		"Lookup": func(ctx context.Context) error {
			_, err := s.Lookup(ctx, []keys.Digest{digestOf("key_a")})
			return err
		},
		"Catalogue": func(ctx context.Context) error {
			_, err := s.Catalogue(ctx)
			return err
		},
		"Confirm": func(ctx context.Context) error {
			_, err := s.Confirm(ctx)
			return err
		},
		"Changes": func(ctx context.Context) error {
			_, err := s.Changes(ctx, storage.Position{}, 10)
			return err
		},
		"View": func(ctx context.Context) error {
			return s.View(ctx, func(r storage.Reader) error {
				_, err := r.Key(ctx, "key_a")
				return err
			})
		},
		"Update": func(ctx context.Context) error {
			_, err := s.Update(ctx, func(tx storage.Tx) error { return tx.InsertKey(ctx, newKey("key_late")) })
			return err
		},
		"ApplyUsage": func(ctx context.Context) error {
			return s.ApplyUsage(ctx, storage.UsageBatch{Incarnation: "late", Sequence: 1})
		},
		"PruneUsage": func(ctx context.Context) error {
			_, err := s.PruneUsage(ctx, storage.UsagePrune{CellsBefore: noon, Limit: 1})
			return err
		},
	}
}

func endedContext(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	ended, end := context.WithCancel(t.Context())
	end()
	for what, call := range everyCall(f.store) {
		if what == "Migrate" {
			continue // nothing is left to do, so it may say so
		}
		err := call(ended)
		wantUnknown(t, what, err)
		wantErr(t, what, err, context.Canceled)
	}
	wantEqual(t, "head", f.head(t), before)
	f.apply(t, storage.UsageBatch{Incarnation: "late", Sequence: 1})
}

// waitingWriter holds a transaction open while another waits for it.
func waitingWriter(t *testing.T, f *fixture) {
	holding, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
			close(holding)
			<-release
			return tx.InsertKey(t.Context(), newKey("key_a"))
		})
		done <- err
	}()
	<-holding
	for what, store := range map[string]storage.Store{"the same handle": f.store, "another handle": f.place(t)} {
		ctx, end := context.WithCancelCause(t.Context())
		waited := make(chan error, 1)
		go func() {
			_, err := store.Update(ctx, func(tx storage.Tx) error { return tx.InsertKey(ctx, newKey("key_b")) })
			waited <- err
		}()
		end(errors.New("the client went away"))
		wantErr(t, what, <-waited, context.Canceled)
	}
	close(release)
	must(t, <-done)
	wantEqual(t, "keys", list(t, f, storage.KeyFilter{}), []keys.ID{"key_a"})
}
