package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
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
	err := conn.QueryRowContext(ctx, `SELECT revision, id, `+sqlcore.NodeColumns+` FROM head LEFT JOIN nodes ON incarnation = ?`, incarnation).
		Scan(&seen.head.Revision, &seen.head.ID, &row.incarnation, &row.name, &row.applied, &row.trust, &row.beats, &row.doubts)
	seen.there = row.incarnation.Valid
	seen.row = storage.Node{
		Incarnation: row.incarnation.V, Name: row.name.V, Applied: storage.Revision(row.applied.V),
		Trust: sqlcore.FromCeilMicros(row.trust.V), Beats: row.beats.V, Doubted: row.doubts.V != 0,
	}
	return seen, sqlcore.LostHead(err)
}

// Register implements storage.Store.
func (s *Store) Register(ctx context.Context, n storage.Node) (storage.Position, error) {
	var head storage.Position
	err := s.changeBy(ctx, beatWriter, func(q *sqlcore.Session) (err error) {
		if head, err = q.Head(ctx); err != nil {
			return err
		}
		return q.Enter(ctx, head, n)
	})
	if err != nil {
		return storage.Position{}, fmt.Errorf("register node %s: %w", n.Name, err)
	}
	return head, nil
}

// Beat implements storage.Store.
func (s *Store) Beat(ctx context.Context, b storage.Beat) (storage.Position, error) {
	var head storage.Position
	err := s.changeBy(ctx, beatWriter, func(q *sqlcore.Session) (err error) {
		if head, err = q.Head(ctx); err != nil {
			return err
		}
		return q.Beat(ctx, head, b)
	})
	if err != nil {
		return storage.Position{}, fmt.Errorf("beat: %w", err)
	}
	return head, nil
}

// Unregister implements storage.Store.
func (s *Store) Unregister(ctx context.Context, incarnation string) error {
	err := s.changeBy(ctx, beatWriter, func(q *sqlcore.Session) error {
		return q.Leave(ctx, incarnation)
	})
	if err != nil {
		return fmt.Errorf("unregister node %s: %w", incarnation, err)
	}
	return nil
}
