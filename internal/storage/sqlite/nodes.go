package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// beatWriter is the connection of beats, which don't wait for the disk.
func beatWriter(c *connections) *sql.DB { return c.beat }

// readAttendance reads by one statement, and so of one snapshot.
func readAttendance(ctx context.Context, conn *sql.Conn, incarnation string) (attendance, error) {
	seen := attendance{incarnation: incarnation}
	var row struct {
		incarnation, name             sql.Null[string]
		applied, trust, beats, doubts sql.Null[int64]
	}
	err := conn.QueryRowContext(ctx, `SELECT revision, id, `+nodeColumns+` FROM head LEFT JOIN nodes ON incarnation = ?`, incarnation).
		Scan(&seen.head.Revision, &seen.head.ID, &row.incarnation, &row.name, &row.applied, &row.trust, &row.beats, &row.doubts)
	seen.there = row.incarnation.Valid
	seen.row = storage.Node{
		Incarnation: row.incarnation.V, Name: row.name.V, Applied: storage.Revision(row.applied.V),
		Trust: fromCeilMicros(row.trust.V), Beats: row.beats.V, Doubted: row.doubts.V != 0,
	}
	return seen, lostHead(err)
}

// Register implements storage.Store.
func (s *Store) Register(ctx context.Context, n storage.Node) (storage.Position, error) {
	var head storage.Position
	err := s.changeBy(ctx, beatWriter, func(q *session) (err error) {
		if head, err = q.head(ctx); err != nil {
			return err
		}
		return q.exec(ctx, `INSERT INTO nodes (`+nodeColumns+`) VALUES (?, ?, ?, ?, 1, 0)`,
			n.Incarnation, n.Name, head.Revision, ceilMicros(n.Trust))
	})
	if err != nil {
		return storage.Position{}, fmt.Errorf("register node %s: %w", n.Name, err)
	}
	return head, nil
}

// Beat implements storage.Store.
func (s *Store) Beat(ctx context.Context, b storage.Beat) (storage.Position, error) {
	var head storage.Position
	err := s.changeBy(ctx, beatWriter, func(q *session) (err error) {
		if head, err = q.head(ctx); err != nil {
			return err
		}
		return q.beat(ctx, head, b)
	})
	if err != nil {
		return storage.Position{}, fmt.Errorf("beat: %w", err)
	}
	return head, nil
}

func (q *session) beat(ctx context.Context, head storage.Position, b storage.Beat) error {
	var beats int64
	if err := q.row(ctx, `SELECT beats FROM nodes WHERE incarnation = ?`, []any{b.Incarnation}, &beats); err != nil {
		return err
	}
	applied, err := whole(ctx, q, head, b.Applied)
	if err != nil {
		return err
	}
	return q.exec(ctx, `UPDATE nodes SET applied = ?, trust = ?, beats = ?, doubted = 0 WHERE incarnation = ?`,
		applied, ceilMicros(b.Trust), beats+1, b.Incarnation)
}

// whole returns the last revision that somebody at a position has applied all
// changes of.
func whole(ctx context.Context, q *session, head, at storage.Position) (storage.Revision, error) {
	if at == head {
		return at.Revision, nil
	}
	ordinal, err := find(ctx, q, head, at)
	if err != nil {
		return 0, err
	}
	var more bool
	err = q.row(ctx, `SELECT EXISTS (SELECT 1 FROM change_log WHERE revision = ? AND ordinal > ?)`, []any{at.Revision, ordinal}, &more)
	if more {
		return at.Revision - 1, err
	}
	return at.Revision, err
}

// Unregister implements storage.Store.
func (s *Store) Unregister(ctx context.Context, incarnation string) error {
	err := s.changeBy(ctx, beatWriter, func(q *session) error {
		return q.exec(ctx, `DELETE FROM nodes WHERE incarnation = ?`, incarnation)
	})
	if err != nil {
		return fmt.Errorf("unregister node %s: %w", incarnation, err)
	}
	return nil
}

// Nodes implements storage.Reader.
func (r *reader) Nodes(ctx context.Context) ([]storage.Node, error) {
	all, err := collect(ctx, r.session, `SELECT `+nodeColumns+` FROM nodes ORDER BY name, incarnation`,
		nil, scanNode)
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	return all, nil
}

func scanNode(row scan) (storage.Node, error) {
	var n storage.Node
	var trust int64
	err := row(&n.Incarnation, &n.Name, &n.Applied, &trust, &n.Beats, &n.Doubted)
	n.Trust = fromCeilMicros(trust)
	return n, err
}

const nodeColumns = `incarnation, name, applied, trust, beats, doubted`

// LastChange implements storage.Reader. It reads the whole log, which is
// bounded: it is for calls that are rare.
func (r *reader) LastChange(ctx context.Context, subject storage.Subject, name string) (storage.Revision, error) {
	var revision storage.Revision
	err := r.row(ctx, `SELECT COALESCE((SELECT max(revision) FROM change_log WHERE subject = ? AND name = ?), revision) FROM head`,
		[]any{subject, name}, &revision)
	if err != nil {
		return 0, fmt.Errorf("find the last change to %s %s: %w", subject, name, lostHead(err))
	}
	return revision, nil
}

// DoubtNode implements storage.Tx.
func (t *transaction) DoubtNode(ctx context.Context, incarnation string, beats int64) error {
	var name string
	err := t.row(ctx, `UPDATE nodes SET doubted = 1 WHERE incarnation = ? AND beats = ? AND NOT doubted RETURNING name`,
		[]any{incarnation, beats}, &name)
	if err != nil {
		return fmt.Errorf("doubt node %s: %w", incarnation, err)
	}
	return nil
}

// DropNode implements storage.Tx.
func (t *transaction) DropNode(ctx context.Context, incarnation string, beats int64) error {
	var name string
	err := t.row(ctx, `DELETE FROM nodes WHERE incarnation = ? AND beats = ? AND doubted RETURNING name`,
		[]any{incarnation, beats}, &name)
	if err != nil {
		return fmt.Errorf("drop node %s: %w", incarnation, err)
	}
	return nil
}

// head reads the head of the change log.
func (q *session) head(ctx context.Context) (storage.Position, error) {
	var head storage.Position
	err := q.row(ctx, `SELECT revision, id FROM head`, nil, &head.Revision, &head.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return head, q.note(errNoHead)
	}
	return head, err
}

// ceilMicros is how a duration is stored that must not be taken for shorter.
func ceilMicros(d time.Duration) int64 {
	return int64((d + time.Microsecond - 1) / time.Microsecond)
}

func fromCeilMicros(us int64) time.Duration { return time.Duration(us) * time.Microsecond }
