package storage

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/keystile/keystile/internal/keys"
)

// findTries bounds how often Find starts again because schemes were inserted
// meanwhile.
const findTries = 3

var errUnsettled = errors.New("schemes were inserted again and again while a key was looked up")

// Finder looks presented secrets up under every digest that a store may hold
// for them: the Hasher's own, and those of the schemes that the store holds.
// It costs one Lookup, save after a scheme was inserted.
type Finder struct {
	store   Store
	own     keys.Hasher
	schemes atomic.Pointer[[]keys.Scheme] // as last read; only ever added to
}

// NewFinder reads nothing yet.
func NewFinder(store Store, own keys.Hasher) *Finder { return &Finder{store: store, own: own} }

// Find is Lookup of a secret. The digests are those that were looked for, with
// every scheme that the answer's snapshot holds.
func (f *Finder) Find(ctx context.Context, secret string) (Lookup, []keys.Digest, error) {
	for range findTries {
		known := f.known()
		candidates := f.own.With(known).Candidates(secret)
		got, err := f.store.Lookup(ctx, candidates)
		if err != nil || got.NewestScheme == newest(known) {
			return got, candidates, err
		}
		if err := f.read(ctx); err != nil {
			return Lookup{}, nil, err
		}
	}
	return Lookup{}, nil, errUnsettled
}

func (f *Finder) known() []keys.Scheme {
	if schemes := f.schemes.Load(); schemes != nil {
		return *schemes
	}
	return nil
}

func newest(schemes []keys.Scheme) string {
	if len(schemes) == 0 {
		return ""
	}
	return schemes[len(schemes)-1].ID
}

func (f *Finder) read(ctx context.Context) error {
	return f.store.View(ctx, func(r Reader) error {
		schemes, err := r.Schemes(ctx)
		if err == nil {
			f.schemes.Store(&schemes)
		}
		return err
	})
}
