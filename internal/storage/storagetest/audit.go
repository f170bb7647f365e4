package storagetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var auditGuarantees = []guarantee{
	{"AuditEntryComesBackAsItWasStored", entryComesBack},
	{"AuditIsListedByWorkspaceNewestFirst", auditListed},
	{"AuditFiltersSelectTogether", auditFilters},
	{"AuditFiltersAreTakenLiterally", auditLiteral},
	{"AuditPagesHoldEveryEntryOnceWhateverComesInBetween", auditPages},
	{"AuditPageAfterAnUnknownEntryIsNotFound", auditAfterNothing},
	{"AuditIsFollowedInTheOrderOfCommits", auditFollowed},
}

func audit(t *testing.T, f *fixture, filter storage.AuditFilter) []storage.AuditEntry {
	t.Helper()
	return read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.AuditEntry, error) {
		return r.Audit(ctx, filter)
	})
}

// trail lists the IDs of at most a hundred entries.
func trail(t *testing.T, f *fixture, filter storage.AuditFilter) []string {
	t.Helper()
	if filter.Limit == 0 {
		filter.Limit = 100
	}
	ids := []string{}
	for _, entry := range audit(t, f, filter) {
		ids = append(ids, entry.ID)
	}
	return ids
}

// note appends entries in one transaction.
func (f *fixture) note(t *testing.T, entries ...storage.AuditEntry) {
	t.Helper()
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		for _, entry := range entries {
			if err := tx.AppendAudit(ctx, entry); err != nil {
				return err
			}
		}
		return nil
	})
}

func entryComesBack(t *testing.T, f *fixture) {
	entries := []storage.AuditEntry{
		{
			ID: "entry_1", Time: noon, Workspace: "acme", Project: "p1", Actor: "tok_1", Action: "key.edit", KeyID: "key_a", Target: "workspace",
			Changes: map[string]storage.FieldChange{
				"name":   {From: nil, To: "Ünïcode"},
				"scopes": {From: []any{"a", "b"}, To: []any{"a"}},
				"wait":   {From: false, To: 1.5},
			},
			Reason: "it's \"quoted\"", Client: "192.0.2.1",
		},
		{ID: "entry_2", Time: noon, Workspace: "acme"},
	}
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		must(t, tx.AppendAudit(ctx, entries[1]))
		return tx.AppendAudit(ctx, entries[0])
	})
	wantEqual(t, "entries", audit(t, f, storage.AuditFilter{Workspace: "acme", Limit: 10}), entries)
}

func auditListed(t *testing.T, f *fixture) {
	for i := range 6 {
		workspace := []string{"acme", "other"}[i%2]
		f.note(t, storage.AuditEntry{ID: fmt.Sprintf("entry_%d", i), Time: noon, Workspace: workspace})
	}
	f.note(t, storage.AuditEntry{ID: "entry_early", Time: noon.Add(-time.Microsecond), Workspace: "acme"},
		storage.AuditEntry{ID: "entry_nowhere", Time: noon.Add(-time.Hour)})
	for _, c := range []struct {
		filter storage.AuditFilter
		want   []string
	}{
		{storage.AuditFilter{Workspace: "acme"}, []string{"entry_4", "entry_2", "entry_0", "entry_early"}},
		{storage.AuditFilter{Workspace: "acme", Limit: 2}, []string{"entry_4", "entry_2"}},
		{storage.AuditFilter{Workspace: "other", Limit: 1}, []string{"entry_5"}},
		{storage.AuditFilter{Workspace: "none"}, []string{}},
		{storage.AuditFilter{}, []string{"entry_nowhere"}},
		{storage.AuditFilter{Workspace: "acme", Unplaced: true}, []string{"entry_4", "entry_2", "entry_0", "entry_early", "entry_nowhere"}},
		{storage.AuditFilter{Workspace: "acme", Unplaced: true, Limit: 1}, []string{"entry_4"}},
	} {
		wantEqual(t, fmt.Sprintf("%+v", c.filter), trail(t, f, c.filter), c.want)
	}
	if none := audit(t, f, storage.AuditFilter{Workspace: "acme"}); len(none) != 0 {
		t.Errorf("a page of none has %+v", none)
	}
}

func auditFilters(t *testing.T, f *fixture) {
	entry := func(id string, at time.Duration, actor, action string, key keys.ID, project string) storage.AuditEntry {
		return storage.AuditEntry{ID: id, Time: noon.Add(at), Workspace: "acme", Actor: actor, Action: action, KeyID: key, Project: project}
	}
	f.note(t,
		entry("a", 0, "ann", "key.create", "key_1", "p1"),
		entry("b", time.Hour, "bob", "key.create", "key_2", ""),
		entry("c", 2*time.Hour, "ann", "key.revoke", "key_1", "p1"),
		entry("d", 3*time.Hour, "ann", "token.create", "", ""),
		storage.AuditEntry{ID: "e", Time: noon, Workspace: "other", Actor: "ann", Action: "key.create", KeyID: "key_1", Project: "p1"},
		storage.AuditEntry{ID: "f", Time: noon, Actor: "ann", Action: "token.create"},
	)
	for _, c := range []struct {
		filter storage.AuditFilter
		want   []string
	}{
		{storage.AuditFilter{KeyID: "key_1"}, []string{"c", "a"}},
		{storage.AuditFilter{Actor: "ann"}, []string{"d", "c", "a"}},
		{storage.AuditFilter{Actor: "ann", Unplaced: true}, []string{"d", "c", "f", "a"}},
		{storage.AuditFilter{Action: "key.create"}, []string{"b", "a"}},
		{storage.AuditFilter{Project: "p1"}, []string{"c", "a"}},
		{storage.AuditFilter{Project: "p1", Unplaced: true}, []string{"c", "a"}},
		{storage.AuditFilter{Actor: "ann", Action: "key.create"}, []string{"a"}},
		{storage.AuditFilter{KeyID: "key_1", Actor: "ann", Action: "key.revoke", Project: "p1"}, []string{"c"}},
		{storage.AuditFilter{KeyID: "key_2", Actor: "ann"}, []string{}},
		{storage.AuditFilter{From: noon.Add(time.Hour)}, []string{"d", "c", "b"}},
		{storage.AuditFilter{To: noon.Add(time.Hour)}, []string{"a"}},
		{storage.AuditFilter{From: noon.Add(time.Hour), To: noon.Add(3 * time.Hour)}, []string{"c", "b"}},
		{storage.AuditFilter{From: noon.Add(time.Hour), KeyID: "key_1"}, []string{"c"}},
		{storage.AuditFilter{Before: "c"}, []string{"b", "a"}},
		{storage.AuditFilter{Before: "c", Actor: "ann"}, []string{"a"}},
		{storage.AuditFilter{Before: "c", Actor: "ann", Unplaced: true}, []string{"f", "a"}},
		{storage.AuditFilter{Before: "b", From: noon, Limit: 1}, []string{"a"}},
	} {
		c.filter.Workspace = "acme"
		wantEqual(t, fmt.Sprintf("%+v", c.filter), trail(t, f, c.filter), c.want)
	}
}

// auditLiteral is MGMT-09.
func auditLiteral(t *testing.T, f *fixture) {
	f.note(t, storage.AuditEntry{ID: "a", Time: noon, Workspace: "acme", Actor: "it's 100%", Action: "key.create", KeyID: "key_1", Project: "p1"})
	wantEqual(t, "the actor", trail(t, f, storage.AuditFilter{Workspace: "acme", Actor: "it's 100%"}), []string{"a"})
	for _, text := range []string{"%", "' OR '1'='1", "it_s 100%", "'; DROP TABLE audit; --", "\x00"} {
		for _, filter := range []storage.AuditFilter{
			{Workspace: text}, {Workspace: "acme", Actor: text}, {Workspace: "acme", Action: text},
			{Workspace: "acme", KeyID: keys.ID(text)}, {Workspace: "acme", Project: text},
		} {
			wantEqual(t, text, trail(t, f, filter), []string{})
		}
	}
}

// auditPages follows pages of every size while entries come in.
func auditPages(t *testing.T, f *fixture) {
	const count = 20
	var all []storage.AuditEntry
	for i := range count {
		all = append(all, storage.AuditEntry{ID: fmt.Sprintf("entry_%02d", i), Time: noon.Add(time.Duration(i/3) * time.Second), Workspace: "acme"})
	}
	f.note(t, all...)
	whole := trail(t, f, storage.AuditFilter{Workspace: "acme"})
	wantEqual(t, "entries in all", len(whole), count)
	late := 0
	for limit := 1; limit <= count+1; limit++ {
		var ids []string
		filter := storage.AuditFilter{Workspace: "acme", Limit: limit}
		for page := trail(t, f, filter); len(page) > 0; page = trail(t, f, filter) {
			for _, id := range page {
				if strings.HasPrefix(id, "entry_") {
					ids = append(ids, id)
				}
			}
			filter.Before = page[len(page)-1]
			late++
			f.note(t, storage.AuditEntry{ID: fmt.Sprintf("late_%d", late), Time: noon.Add(time.Hour), Workspace: "acme"})
		}
		wantEqual(t, fmt.Sprintf("pages of %d", limit), ids, whole)
	}
}

func auditAfterNothing(t *testing.T, f *fixture) {
	f.note(t, storage.AuditEntry{ID: "theirs", Time: noon, Workspace: "other"}, storage.AuditEntry{ID: "nowhere", Time: noon})
	for _, before := range []string{"nothing", "theirs", "nowhere"} {
		must(t, f.store.View(t.Context(), func(r storage.Reader) error {
			_, err := r.Audit(t.Context(), storage.AuditFilter{Workspace: "acme", Before: before, Limit: 1})
			wantErr(t, before, err, storage.ErrNotFound)
			return nil
		}))
	}
	wantEqual(t, "after an entry of no workspace", trail(t, f, storage.AuditFilter{Workspace: "other", Unplaced: true, Before: "nowhere"}), []string{"theirs"})
}

func auditFollowed(t *testing.T, f *fixture) {
	f.note(t, storage.AuditEntry{ID: "before", Time: noon, Workspace: "acme"})
	from := read(t, f.store, func(ctx context.Context, r storage.Reader) (storage.AuditPlace, error) { return r.AuditEnd(ctx) })
	f.note(t, storage.AuditEntry{ID: "b", Time: noon.Add(time.Hour), Workspace: "other", KeyID: "key_b"}, storage.AuditEntry{ID: "a", Time: noon})
	f.note(t, storage.AuditEntry{ID: "c", Time: noon.Add(-time.Hour), Workspace: "acme"})
	for _, want := range [][]string{{"b", "a"}, {"c"}, {}, {}} {
		was, ids := from, []string{}
		for _, e := range read(t, f.store, func(ctx context.Context, r storage.Reader) (found []storage.AuditEntry, err error) {
			found, from, err = r.AuditAfter(ctx, from, 2)
			return found, err
		}) {
			ids = append(ids, e.ID)
		}
		wantEqual(t, "followed", ids, want)
		if moved := from != was; moved != (len(want) > 0) {
			t.Errorf("from %d to %d with %q", was, from, ids)
		}
	}
	end := read(t, f.store, func(ctx context.Context, r storage.Reader) (storage.AuditPlace, error) { return r.AuditEnd(ctx) })
	if end != from {
		t.Errorf("the end is at %d, the last entry at %d", end, from)
	}
}
