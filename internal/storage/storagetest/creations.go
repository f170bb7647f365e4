package storagetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

var creationGuarantees = []guarantee{
	{"CreationIsFoundByItsCallerAlone", creationFound},
	{"CreationGoesWithItsTransaction", creationUndone},
	{"OldCreationsAreDroppedInBites", creationsDropped},
}

func creation(caller, key string) storage.Creation {
	return storage.Creation{
		Caller: caller, Key: sha256.Sum256([]byte(key)), Operation: "key.create", Request: sha256.Sum256([]byte("body")),
		Made: "key_a", Time: noon,
	}
}

func put(t *testing.T, f *fixture, all ...storage.Creation) {
	t.Helper()
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		for _, c := range all {
			must(t, tx.PutCreation(ctx, c))
		}
		return nil
	})
}

// wantCreation checks what is found under the caller and key of want; found
// says whether anything is.
func wantCreation(t *testing.T, f *fixture, want storage.Creation, found bool) {
	t.Helper()
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		got, err := tx.Creation(ctx, want.Caller, want.Key)
		if !found {
			wantErr(t, want.Caller, err, storage.ErrNotFound)
			return nil
		}
		must(t, err)
		wantEqual(t, "creation", got, want)
		return nil
	})
}

func creationFound(t *testing.T, f *fixture) {
	ann, bob := creation("ann", "once"), creation("bob", "once")
	bob.Made = "key_b"
	put(t, f, ann, bob)
	wantCreation(t, f, ann, true)
	wantCreation(t, f, bob, true)
	wantCreation(t, f, creation("ann", "twice"), false)
	wantCreation(t, f, creation("carl", "once"), false)
	ann.Operation, ann.Made, ann.Time = "token.create", "tok_a", noon.Add(time.Hour+time.Microsecond)
	put(t, f, ann)
	wantCreation(t, f, ann, true)
	wantEqual(t, "head", f.head(t), storage.Position{})
}

func creationUndone(t *testing.T, f *fixture) {
	undo := errors.New("undo")
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		must(t, tx.PutCreation(t.Context(), creation("ann", "once")))
		return undo
	})
	wantErr(t, "update", err, undo)
	wantCreation(t, f, creation("ann", "once"), false)
}

func creationsDropped(t *testing.T, f *fixture) {
	const count = 5
	for i := range count {
		c := creation("ann", fmt.Sprint(i))
		c.Time = noon.Add(time.Duration(count-i) * time.Second) // the last one is the oldest
		put(t, f, c)
	}
	left := func() (n int) {
		f.update(t, func(ctx context.Context, tx storage.Tx) error {
			for i := range count {
				if _, err := tx.Creation(ctx, "ann", creation("ann", fmt.Sprint(i)).Key); err == nil {
					n++
				}
			}
			return nil
		})
		return n
	}
	for _, step := range []struct {
		before time.Duration
		limit  int
		want   int
	}{
		{time.Second, 100, 5}, {4 * time.Second, 0, 5}, {4 * time.Second, 2, 3}, {4 * time.Second, 100, 2}, {time.Hour, 100, 0},
	} {
		f.update(t, func(ctx context.Context, tx storage.Tx) error {
			return tx.DropCreations(ctx, noon.Add(step.before), step.limit)
		})
		wantEqual(t, fmt.Sprintf("left after %+v", step), left(), step.want)
	}
}
