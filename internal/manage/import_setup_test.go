package manage_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

const theirKey = "the key of the old system"

// foreign lets gates take secrets of another system: "old_…".
func foreign(c *manage.Config) {
	minted := map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}
	c.Format, _ = keys.NewFormat(minted, []keys.Prefix{{Text: "old_", Environment: keys.Live, Unchecked: true}})
}

// oldSecret is the secret number n of the other system.
func oldSecret(n int) string { return fmt.Sprintf("old_%012d", n) }

// digestOf is a secret's digest as the other system stored it.
func digestOf(algorithm keys.Algorithm, secret string) string {
	sum := sha256.New()
	switch algorithm {
	case keys.SHA512:
		sum = sha512.New()
	case keys.HMACSHA256:
		sum = hmac.New(sha256.New, []byte(theirKey))
	}
	sum.Write([]byte(secret))
	return hex.EncodeToString(sum.Sum(nil))
}

// oldRow is the row of the other system's key number n, in one of its forms.
func oldRow(n int) manage.ImportRow {
	row := manage.ImportRow{Line: n, Ask: manage.NewKey{Name: fmt.Sprintf("old key %d", n), Scopes: []string{"read"}}}
	if n%4 == 3 {
		row.Secret = keys.NewSecret(oldSecret(n))
		return row
	}
	algorithm := keys.Algorithms[n%4]
	row.Algorithm, row.Digest = string(algorithm), digestOf(algorithm, oldSecret(n))
	return row
}

// oldRows are those of the keys 1 to n.
func oldRows(n int) []manage.ImportRow {
	rows := make([]manage.ImportRow, 0, n)
	for i := range n {
		rows = append(rows, oldRow(i+1))
	}
	return rows
}

// each yields rows, and at the end an error where there is one.
func each(rows []manage.ImportRow, end error) iter.Seq2[manage.ImportRow, error] {
	return func(yield func(manage.ImportRow, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
		if end != nil {
			yield(manage.ImportRow{}, end)
		}
	}
}

// imports runs an import of rows with everything allowed, and returns what came
// of it and of each refused row.
func (f *fixture) imports(ctx context.Context, call manage.Call, rows []manage.ImportRow, with ...func(*manage.Import)) (manage.Imported, []manage.RefusedRow, error) {
	var refused []manage.RefusedRow
	ask := manage.Import{
		Rows: each(rows, nil), Plaintext: true, HMACKey: keys.NewSecret(theirKey),
		Refused: func(row manage.RefusedRow) { refused = append(refused, row) },
	}
	for _, change := range with {
		change(&ask)
	}
	done, err := f.ImportKeys(ctx, call, ask)
	return done, refused, err
}

func dryRun(ask *manage.Import) { ask.DryRun = true }

// wantImport runs an import that has to succeed, and returns its refused rows.
func (f *fixture) wantImport(t *testing.T, want manage.Imported, rows []manage.ImportRow, with ...func(*manage.Import)) []manage.RefusedRow {
	t.Helper()
	done, refused, err := f.imports(t.Context(), f.op, rows, with...)
	if err != nil {
		t.Fatal(err)
	}
	if done != want || len(refused) != want.Refused {
		t.Fatalf("%+v (%v refused), want %+v", done, refused, want)
	}
	return refused
}

// find looks a secret up as a gate does; nil: nobody has it.
func (f *fixture) find(t *testing.T, secret string) *keys.Key {
	t.Helper()
	got, _, err := storage.NewFinder(f.store, f.hasher).Find(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	return got.Key
}

// state is everything that an import may change.
type state struct {
	head    storage.Position
	keys    []string // name, digest and scopes
	schemes int
	audited int
}

func (f *fixture) state(t *testing.T) state {
	t.Helper()
	var s state
	head, err := f.store.Confirm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.head = head
	err = f.store.View(t.Context(), func(r storage.Reader) error {
		all, err := r.Keys(t.Context(), storage.KeyFilter{Workspace: "default"})
		for _, k := range all {
			s.keys = append(s.keys, fmt.Sprintf("%s %x %v", k.Name, k.Digest, k.Scopes))
		}
		slices.Sort(s.keys)
		if err != nil {
			return err
		}
		schemes, err := r.Schemes(t.Context())
		if err != nil {
			return err
		}
		s.schemes = len(schemes)
		entries, err := r.Audit(t.Context(), storage.AuditFilter{Workspace: "default", Limit: 1 << 20})
		for _, e := range entries {
			if e.Action == "key.import" {
				s.audited++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// unchanged checks that nothing at all came of something.
func (f *fixture) unchanged(t *testing.T, before state) {
	t.Helper()
	after := f.state(t)
	if after.head != before.head || !slices.Equal(after.keys, before.keys) || after.schemes != before.schemes || after.audited != before.audited {
		t.Errorf("something was changed: %d keys, %d schemes at revision %d; before, %d keys, %d schemes at %d",
			len(after.keys), after.schemes, after.head.Revision, len(before.keys), before.schemes, before.head.Revision)
	}
}
