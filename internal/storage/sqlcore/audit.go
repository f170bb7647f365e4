package sqlcore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/keystile/keystile/internal/storage"
)

const auditColumns = `id, time, workspace, project, actor, action, key_id, target, changes, reason, client`

// AppendAudit implements storage.Tx. Entries are written last, with what the
// log of changes gets. The schema refuses to change or delete what was
// appended.
func (t *Transaction) AppendAudit(_ context.Context, e storage.AuditEntry) error {
	if t.fault != nil {
		return t.fault
	}
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return fmt.Errorf("append audit entry %s: %w", e.ID, err)
	}
	t.last = append(t.last, Statement{SQL: appendAudit, Args: []any{
		e.ID, Micros(e.Time), e.Workspace, e.Project, e.Actor, e.Action, e.KeyID, e.Target, string(changes), e.Reason, e.Client,
	}})
	return nil
}

var appendAudit = "INSERT INTO audit (" + auditColumns + ") VALUES " + Placeholders(1, strings.Count(auditColumns, ",")+1)

// Audit implements storage.AuditReader. An entry whose changes can't be read is
// shown without them, and reported.
func (r *Reader) Audit(ctx context.Context, filter storage.AuditFilter) ([]storage.AuditEntry, error) {
	after, err := r.auditPlace(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("list the audit trail: %w", err)
	}
	query, args := r.selectAudit(filter, after)
	entries, err := Collect(ctx, r.Session, query, args, r.scanEntry)
	if err != nil {
		return nil, fmt.Errorf("list the audit trail: %w", err)
	}
	return entries, nil
}

// AuditEnd implements storage.AuditReader.
func (r *Reader) AuditEnd(ctx context.Context) (end storage.AuditPlace, err error) {
	if err := r.Row(ctx, "SELECT COALESCE(MAX(seq), 0) FROM audit", nil, &end); err != nil {
		return 0, fmt.Errorf("find the end of the audit trail: %w", err)
	}
	return end, nil
}

// AuditAfter implements storage.AuditReader. Whoever writes holds the head of
// the change log, or the whole database, from its first statement to its
// commit: so the order of writing is that of commits.
func (r *Reader) AuditAfter(ctx context.Context, after storage.AuditPlace, limit int) ([]storage.AuditEntry, storage.AuditPlace, error) {
	entries, err := Collect(ctx, r.Session, "SELECT "+auditColumns+", seq FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
		[]any{after, max(limit, 0)}, func(row Scan) (e storage.AuditEntry, err error) {
			e, after, err = r.scanPlaced(row)
			return e, err
		})
	if err != nil {
		return nil, 0, fmt.Errorf("follow the audit trail: %w", err)
	}
	return entries, after, nil
}

// place is where an entry stands in the trail.
type place struct {
	time, seq int64
}

// auditPlace finds the entry that a page goes on from.
func (r *Reader) auditPlace(ctx context.Context, f storage.AuditFilter) (at place, err error) {
	if f.Before == "" {
		return at, nil
	}
	err = r.Row(ctx, "SELECT time, seq FROM audit WHERE id = ? AND (workspace = ? OR workspace = '' AND ?)",
		[]any{f.Before, f.Workspace, f.Unplaced}, &at.time, &at.seq)
	return at, err
}

// selectAudit merges two lists in one order where entries of no workspace are
// asked for as well.
func (r *Reader) selectAudit(f storage.AuditFilter, after place) (string, []any) {
	const order = " ORDER BY time DESC, seq DESC"
	limit := max(f.Limit, 0)
	all := r.selectTrail(f.Workspace, f, after)
	if f.Unplaced {
		all = r.Union(all, r.selectTrail("", f, after), order, limit)
	}
	return all.SQL + order + " LIMIT ?", append(all.Args, limit)
}

// auditIndexes are the filters that have an index, those first that are likely
// to leave less.
var auditIndexes = []struct {
	name, column string
	sparse       bool // the index leaves out rows where the column is empty
	value        func(*storage.AuditFilter) string
}{
	{"audit_by_key", "key_id", true, func(f *storage.AuditFilter) string { return string(f.KeyID) }},
	{"audit_by_actor", "actor", false, func(f *storage.AuditFilter) string { return f.Actor }},
	{"audit_by_project", "project", true, func(f *storage.AuditFilter) string { return f.Project }},
	{"audit_by_action", "action", false, func(f *storage.AuditFilter) string { return f.Action }},
}

func (r *Reader) selectTrail(workspace string, f storage.AuditFilter, after place) Condition {
	index, where, args := "audit_by_time", []string{"workspace = ?"}, []any{workspace}
	add := func(condition string, values ...any) { where, args = append(where, condition), append(args, values...) }
	for i := len(auditIndexes) - 1; i >= 0; i-- {
		one := &auditIndexes[i]
		value := one.value(&f)
		if value == "" {
			continue
		}
		add(one.column+" = ?", value)
		if index = one.name; one.sparse {
			add(one.column + " <> ''")
		}
	}
	if !f.From.IsZero() {
		add("time >= ?", Micros(f.From))
	}
	if !f.To.IsZero() {
		add("time < ?", Micros(f.To))
	}
	if after.seq != 0 {
		add("(time, seq) < (?, ?)", after.time, after.seq)
	}
	return Condition{"SELECT " + auditColumns + ", seq FROM " + r.AuditBy(index) + " WHERE " + strings.Join(where, " AND "), args}
}

func (r *Reader) scanEntry(row Scan) (storage.AuditEntry, error) {
	e, _, err := r.scanPlaced(row)
	return e, err
}

func (r *Reader) scanPlaced(row Scan) (e storage.AuditEntry, at storage.AuditPlace, err error) {
	var time int64
	var changes string
	err = row(&e.ID, &time, &e.Workspace, &e.Project, &e.Actor, &e.Action, &e.KeyID, &e.Target, &changes, &e.Reason, &e.Client, &at)
	if err != nil {
		return e, at, err
	}
	e.Time = FromMicros(time)
	if err := json.Unmarshal([]byte(changes), &e.Changes); err != nil {
		e.Changes = nil
		r.onCorrupt(e.ID, &CorruptionError{"audit entry", e.ID, err})
	}
	return e, at, nil
}
