package migrate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// contents are all that a store tells of what it holds.
type contents struct {
	Workspaces []storage.Workspace
	Projects   []storage.Project
	Profiles   []storage.Profile
	Schemes    []scheme
	Tokens     []keys.Token
	Keys       []keys.Key
	Peppers    map[keys.PepperID]int
	Audit      []storage.AuditEntry
	Creation   string
	Totals     map[keys.ID]storage.UsageTotal
	Cells      map[keys.ID][]storage.UsageCell
	Activity   map[keys.ID][]storage.NotedCall
	Denials    map[string]storage.Denial
	Owners     map[keys.ID]storage.UsageOwner
	Costs      []int64
}

// scheme is a keys.Scheme that can be compared.
type scheme struct{ ID, Algorithm, Key string }

var used = []keys.ID{"key_plain", "key_unicode", "key_deleted", "key_new", "key_gone"}

func read(t *testing.T, s Store) contents {
	t.Helper()
	c := contents{Cells: map[keys.ID][]storage.UsageCell{}, Activity: map[keys.ID][]storage.NotedCall{}, Denials: map[string]storage.Denial{}, Owners: map[keys.ID]storage.UsageOwner{}}
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		for _, part := range []func(*testing.T, storage.Reader){c.readCatalogue, c.readKeys, c.readUsage} {
			part(t, r)
		}
		return nil
	}))
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		made, err := tx.Creation(t.Context(), "token:tok_1", digestOf("again"))
		c.Creation = made.Operation + " " + made.Made
		return err
	})
	must(t, err)
	return c
}

func (c *contents) readCatalogue(t *testing.T, r storage.Reader) {
	t.Helper()
	var err error
	c.Workspaces, err = r.Workspaces(t.Context())
	must(t, err)
	c.Projects, err = r.Projects(t.Context(), "acme")
	must(t, err)
	c.Profiles, err = r.Profiles(t.Context(), "acme")
	must(t, err)
	schemes, err := r.Schemes(t.Context())
	must(t, err)
	for _, s := range schemes {
		c.Schemes = append(c.Schemes, scheme{s.ID, string(s.Algorithm), s.Key.Reveal()})
	}
	for _, workspace := range []string{"", "acme"} {
		tokens, err := r.Tokens(t.Context(), workspace)
		must(t, err)
		c.Tokens = append(c.Tokens, tokens...)
	}
}

func (c *contents) readKeys(t *testing.T, r storage.Reader) {
	t.Helper()
	var err error
	for _, workspace := range []string{storage.DefaultWorkspace, "acme"} {
		page, err := r.Keys(t.Context(), storage.KeyFilter{Workspace: workspace, Now: noon, Limit: 10_000})
		must(t, err)
		c.Keys = append(c.Keys, page...)
		found, err := r.Keys(t.Context(), storage.KeyFilter{Workspace: workspace, Query: "鍵", Now: noon, Limit: 10})
		must(t, err)
		c.Keys = append(c.Keys, found...)
	}
	c.Peppers, err = r.Peppers(t.Context(), noon)
	must(t, err)
	c.Audit, err = r.Audit(t.Context(), storage.AuditFilter{Workspace: storage.DefaultWorkspace, Unplaced: true, Limit: 1000})
	must(t, err)
}

func (c *contents) readUsage(t *testing.T, r storage.Reader) {
	t.Helper()
	var err error
	c.Totals, err = r.UsageTotals(t.Context(), used)
	must(t, err)
	for _, id := range used {
		c.Cells[id], err = r.UsageCells(t.Context(), id, time.Time{}, time.Time{})
		must(t, err)
		c.Activity[id], err = r.Activity(t.Context(), id, 1000)
		must(t, err)
		if owner, err := r.UsageOwner(t.Context(), id); err == nil {
			c.Owners[id] = owner
		}
		for sequence := range int64(5) {
			if denial, err := r.Denial(t.Context(), denialID(id, sequence)); err == nil {
				c.Denials[denial.RequestID] = denial
			}
		}
	}
	for _, of := range []storage.UsageOf{{Workspace: storage.DefaultWorkspace, Environment: keys.Live}, {Workspace: "acme", Environment: keys.Live}, {Lineage: "key_old"}} {
		cost, err := r.UsageCost(t.Context(), of, noon)
		must(t, err)
		c.Costs = append(c.Costs, cost)
	}
}

// wantSame holds what a store has against what another one had.
func wantSame(t *testing.T, want contents, s Store) {
	t.Helper()
	if diff := cmp.Diff(want, read(t, s)); diff != "" {
		t.Errorf("what is there isn't what was (-was +is):\n%s", diff)
	}
}
