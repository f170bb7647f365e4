package sqlcore

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// NodeColumns are the columns of a node's row.
const NodeColumns = `incarnation, name, applied, trust, beats, doubted`

// Nodes implements storage.Reader.
func (r *Reader) Nodes(ctx context.Context) ([]storage.Node, error) {
	all, err := Collect(ctx, r.Session, `SELECT `+NodeColumns+` FROM nodes ORDER BY name, incarnation`, nil, scanNode)
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	return all, nil
}

func scanNode(row Scan) (storage.Node, error) {
	var n storage.Node
	var trust int64
	err := row(&n.Incarnation, &n.Name, &n.Applied, &trust, &n.Beats, &n.Doubted)
	n.Trust = FromCeilMicros(trust)
	return n, err
}

// Enter enters a node that has applied the head.
func (q *Session) Enter(ctx context.Context, head storage.Position, n storage.Node) error {
	return q.insert(ctx, "nodes", NodeColumns, n.Incarnation, n.Name, head.Revision, CeilMicros(n.Trust), 1, false)
}

// Beat writes what a node says of itself.
func (q *Session) Beat(ctx context.Context, head storage.Position, b storage.Beat) error {
	var beats int64
	if err := q.Row(ctx, `SELECT beats FROM nodes WHERE incarnation = ?`, []any{b.Incarnation}, &beats); err != nil {
		return err
	}
	applied, err := q.whole(ctx, head, b.Applied)
	if err != nil {
		return err
	}
	return q.Exec(ctx, `UPDATE nodes SET applied = ?, trust = ?, beats = ?, doubted = ? WHERE incarnation = ?`,
		applied, CeilMicros(b.Trust), beats+1, false, b.Incarnation)
}

// whole returns the last revision that somebody at a position has applied all
// changes of.
func (q *Session) whole(ctx context.Context, head, at storage.Position) (storage.Revision, error) {
	if at == head {
		return at.Revision, nil
	}
	ordinal, err := find(ctx, q, head, at)
	if err != nil {
		return 0, err
	}
	var more bool
	err = q.Row(ctx, `SELECT EXISTS (SELECT 1 FROM change_log WHERE revision = ? AND ordinal > ?)`, []any{at.Revision, ordinal}, &more)
	if more {
		return at.Revision - 1, err
	}
	return at.Revision, err
}

// Leave removes a node.
func (q *Session) Leave(ctx context.Context, incarnation string) error {
	return q.Exec(ctx, `DELETE FROM nodes WHERE incarnation = ?`, incarnation)
}

// LastChange implements storage.Reader. It reads the whole log, which is
// bounded: it is for calls that are rare.
func (r *Reader) LastChange(ctx context.Context, subject storage.Subject, name string) (storage.Revision, error) {
	var revision storage.Revision
	err := r.Row(ctx, `SELECT COALESCE((SELECT max(revision) FROM change_log WHERE subject = ? AND name = ?), revision) FROM head`,
		[]any{subject, name}, &revision)
	if err != nil {
		return 0, fmt.Errorf("find the last change to %s %s: %w", subject, name, LostHead(err))
	}
	return revision, nil
}

// DoubtNode implements storage.Tx.
func (t *Transaction) DoubtNode(ctx context.Context, incarnation string, beats int64) error {
	var name string
	err := t.Row(ctx, `UPDATE nodes SET doubted = ? WHERE incarnation = ? AND beats = ? AND NOT doubted RETURNING name`,
		[]any{true, incarnation, beats}, &name)
	if err != nil {
		return fmt.Errorf("doubt node %s: %w", incarnation, err)
	}
	return nil
}

// DropNode implements storage.Tx.
func (t *Transaction) DropNode(ctx context.Context, incarnation string, beats int64) error {
	var name string
	err := t.Row(ctx, `DELETE FROM nodes WHERE incarnation = ? AND beats = ? AND doubted RETURNING name`,
		[]any{incarnation, beats}, &name)
	if err != nil {
		return fmt.Errorf("drop node %s: %w", incarnation, err)
	}
	return nil
}

// CeilMicros is how a duration is stored that must not be taken for shorter.
func CeilMicros(d time.Duration) int64 {
	return int64((d + time.Microsecond - 1) / time.Microsecond)
}

// FromCeilMicros reads a duration that is stored.
func FromCeilMicros(us int64) time.Duration { return time.Duration(us) * time.Microsecond }
