// Package keyset makes the keys that are presented: secrets, and a store that
// has them. Both are kept between runs, since a million take a while.
package keyset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// Scope is what each key may do.
const Scope = "read:projects"

// unknownAtMost is how many keys there are that nobody has: few enough for
// Keystile to remember that of each.
const unknownAtMost = 10_000

// Set is keys, and where they are kept.
type Set struct {
	// Known are secrets that the store has; Unknown are as many that look the
	// same, at most 10,000, and are nobody's.
	Known, Unknown []string
	// File is the path of Known, one in a line.
	File string
	// Store is the path of an SQLite file, to be copied before it is used.
	Store string
	// Token is a secret by which the management API of the store may be asked.
	Token  string
	format *keys.Format
}

// Get returns n keys from a folder, and makes them first where the folder
// doesn't have them or has them for another version of the store.
func Get(ctx context.Context, folder string, n int) (*Set, error) {
	dir, err := filepath.Abs(filepath.Join(folder, strconv.Itoa(n)))
	if err != nil {
		return nil, fmt.Errorf("find the folder of keys: %w", err)
	}
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	if err != nil {
		return nil, err
	}
	s := &Set{File: filepath.Join(dir, "known"), Store: filepath.Join(dir, "keys.db"), format: format}
	if s.load(dir, n) == nil && current(ctx, s.Store) {
		return s, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for keys: %w", err)
	}
	if err := s.make(ctx, n); err != nil {
		return nil, fmt.Errorf("make %d keys: %w", n, err)
	}
	return s, s.save(dir)
}

// current reports whether a store needs no migration.
func current(ctx context.Context, path string) bool {
	store, err := sqlite.Open(path, sqlite.MustExist())
	if err != nil {
		return false
	}
	defer func() { _ = store.Close() }()
	missing, err := store.Missing(ctx)
	return err == nil && missing == 0
}

// make makes n keys, in memory and in a file.
func (s *Set) make(ctx context.Context, n int) error {
	mint := func(n int) []string {
		secrets := make([]string, n)
		for i := range secrets {
			secrets[i] = s.format.Mint(keys.Live).Reveal()
		}
		return secrets
	}
	s.Known, s.Unknown = mint(n), mint(min(n, unknownAtMost))
	s.Token = keys.MintToken().Reveal()
	store, err := sqlite.Open(s.Store)
	if err != nil {
		return err
	}
	return errors.Join(s.Fill(ctx, store), store.Close())
}

// Fill puts the keys into a store that has none yet.
func (s *Set) Fill(ctx context.Context, store storage.Store) error {
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	return s.insert(ctx, store)
}

// insert stores the keys, many in one transaction, since nobody waits to hear
// of them; in the order of their digests and of their IDs at once, so that each
// index grows at its end.
func (s *Set) insert(ctx context.Context, store storage.Store) error {
	const atOnce = 20_000
	now := time.Now().UTC().Truncate(time.Microsecond)
	if _, err := store.Update(ctx, func(tx storage.Tx) error { return tx.InsertToken(ctx, s.token(now)) }); err != nil {
		return err
	}
	for batch := range slices.Chunk(s.records(now), atOnce) {
		_, err := store.Update(ctx, func(tx storage.Tx) error {
			for _, key := range batch {
				if err := tx.InsertKey(ctx, key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) token(now time.Time) *keys.Token {
	return &keys.Token{
		ID: keys.NewTokenID(), Digest: keys.FingerprintOf(s.Token), Hint: keys.TokenHint(keys.NewSecret(s.Token)),
		Name: "benchmark", Workspace: storage.DefaultWorkspace, CreatedBy: "benchmark", CreatedAt: now,
	}
}

// records are what is stored of the secrets, ascending by digest and by ID.
func (s *Set) records(now time.Time) []*keys.Key {
	all, ids := make([]*keys.Key, len(s.Known)), make([]keys.ID, len(s.Known))
	for i, secret := range s.Known {
		ids[i] = keys.NewID()
		all[i] = &keys.Key{
			Digest: keys.FingerprintOf(secret), Hint: s.format.Hint(keys.NewSecret(secret)),
			Name: fmt.Sprintf("customer %d", i), Status: keys.Active, Kind: keys.Personal, Environment: keys.Live,
			Workspace: storage.DefaultWorkspace, Owner: fmt.Sprintf("user-%d@example.com", i), CreatedBy: "benchmark",
			Scopes: []string{Scope, "write:projects"}, CreatedAt: now,
		}
	}
	slices.SortFunc(all, func(a, b *keys.Key) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	slices.Sort(ids)
	for i, key := range all {
		key.ID, key.Lineage = ids[i], ids[i]
	}
	return all
}

func (s *Set) load(dir string, n int) error {
	known, err := os.ReadFile(filepath.Join(dir, "known"))
	if err != nil {
		return err
	}
	unknown, err := os.ReadFile(filepath.Join(dir, "unknown"))
	if err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if err != nil {
		return err
	}
	s.Known, s.Unknown, s.Token = strings.Fields(string(known)), strings.Fields(string(unknown)), strings.TrimSpace(string(token))
	if len(s.Known) != n || len(s.Unknown) == 0 || s.Token == "" {
		return errors.New("these are other keys")
	}
	return nil
}

// save writes the secrets, last: a store without them was left half full.
func (s *Set) save(dir string) error {
	for name, secrets := range map[string][]string{"token": {s.Token}, "unknown": s.Unknown, "known": s.Known} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(secrets, "\n")+"\n"), 0o600); err != nil {
			return fmt.Errorf("keep the keys: %w", err)
		}
	}
	return nil
}
