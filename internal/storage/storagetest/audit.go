package storagetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

var auditGuarantees = []guarantee{
	{"AuditEntryComesBackAsItWasStored", entryComesBack},
	{"AuditIsListedByWorkspaceNewestFirst", auditListed},
}

func audit(t *testing.T, f *fixture, workspace string, limit int) []storage.AuditEntry {
	t.Helper()
	return read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.AuditEntry, error) {
		return r.Audit(ctx, workspace, limit)
	})
}

func entryComesBack(t *testing.T, f *fixture) {
	entries := []storage.AuditEntry{
		{
			ID: "entry_1", Time: noon, Workspace: "acme", Actor: "tok_1", Action: "key.edit", KeyID: "key_a", Target: "workspace",
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
	wantEqual(t, "entries", audit(t, f, "acme", 10), entries)
}

func auditListed(t *testing.T, f *fixture) {
	for i := range 6 {
		f.update(t, func(ctx context.Context, tx storage.Tx) error {
			workspace := []string{"acme", "other"}[i%2]
			return tx.AppendAudit(ctx, storage.AuditEntry{ID: fmt.Sprintf("entry_%d", i), Time: noon, Workspace: workspace})
		})
	}
	for _, c := range []struct {
		workspace string
		limit     int
		want      []string
	}{
		{"acme", 10, []string{"entry_4", "entry_2", "entry_0"}},
		{"acme", 2, []string{"entry_4", "entry_2"}},
		{"other", 1, []string{"entry_5"}},
		{"other", 0, nil},
		{"none", 10, nil},
	} {
		var got []string
		for _, entry := range audit(t, f, c.workspace, c.limit) {
			got = append(got, entry.ID)
		}
		wantEqual(t, fmt.Sprintf("%d of %s", c.limit, c.workspace), got, c.want)
	}
}
