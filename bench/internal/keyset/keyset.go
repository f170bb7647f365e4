// Package keyset makes the keys that are presented: secrets, and a store that
// has them. Both are kept between runs, since a million take a while.
package keyset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
}

// Get returns n keys from a folder, and makes them first where the folder
// doesn't have them or has them for another version of the store.
func Get(ctx context.Context, folder string, n int) (*Set, error) {
	dir := filepath.Join(folder, strconv.Itoa(n))
	s := &Set{File: filepath.Join(dir, "known"), Store: filepath.Join(dir, "keys.db")}
	if s.load(dir, n) == nil && current(ctx, s.Store) {
		return s, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for keys: %w", err)
	}
	if err := s.fill(ctx, n); err != nil {
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

func (s *Set) fill(ctx context.Context, n int) error {
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	if err != nil {
		return err
	}
	mint := func(n int) []string {
		secrets := make([]string, n)
		for i := range secrets {
			secrets[i] = format.Mint(keys.Live).Reveal()
		}
		return secrets
	}
	s.Known, s.Unknown = mint(n), mint(min(n, unknownAtMost))
	store, err := sqlite.Open(s.Store)
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return errors.Join(err, store.Close())
	}
	return errors.Join(s.insert(ctx, store, format), store.Close())
}

// insert stores the keys, many in one transaction: nobody waits to hear of
// them.
func (s *Set) insert(ctx context.Context, store storage.Store, format *keys.Format) error {
	const atOnce = 5000
	now := time.Now().UTC().Truncate(time.Microsecond)
	for from := 0; from < len(s.Known); from += atOnce {
		_, err := store.Update(ctx, func(tx storage.Tx) error {
			for i, secret := range s.Known[from:min(from+atOnce, len(s.Known))] {
				if err := tx.InsertKey(ctx, record(format, secret, from+i, now)); err != nil {
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

func record(format *keys.Format, secret string, i int, now time.Time) *keys.Key {
	id := keys.NewID()
	return &keys.Key{
		ID: id, Lineage: id, Digest: keys.FingerprintOf(secret), Hint: format.Hint(keys.NewSecret(secret)),
		Name: fmt.Sprintf("customer %d", i), Status: keys.Active, Kind: keys.Personal, Environment: keys.Live,
		Workspace: storage.DefaultWorkspace, Owner: fmt.Sprintf("user-%d@example.com", i), CreatedBy: "benchmark",
		Scopes: []string{Scope, "write:projects"}, CreatedAt: now,
	}
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
	s.Known, s.Unknown = strings.Fields(string(known)), strings.Fields(string(unknown))
	if len(s.Known) != n || len(s.Unknown) == 0 {
		return errors.New("these are other keys")
	}
	return nil
}

// save writes the secrets, last: a store without them was left half full.
func (s *Set) save(dir string) error {
	for name, secrets := range map[string][]string{"known": s.Known, "unknown": s.Unknown} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(secrets, "\n")+"\n"), 0o600); err != nil {
			return fmt.Errorf("keep the keys: %w", err)
		}
	}
	return nil
}
