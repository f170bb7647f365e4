package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// Confirm implements storage.Store.
func (s *Store) Confirm(ctx context.Context) (storage.Position, error) {
	var head storage.Position
	err := s.pulse(ctx, func(pool *pgxpool.Pool) error {
		return sqlcore.LostHead(pool.QueryRow(ctx, `SELECT revision, id FROM head`).Scan(&head.Revision, &head.ID))
	})
	if err != nil {
		return storage.Position{}, fmt.Errorf("confirm the head of the change log: %w", err)
	}
	return head, nil
}

// pulse runs one statement by a connection for what is said and asked all the
// time. It may be run twice.
func (s *Store) pulse(ctx context.Context, statement func(*pgxpool.Pool) error) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	return translate(retry(ctx, func() error { return statement(c.pulse) }))
}

// Attend implements storage.Store: it does what Beat does, so that the answer
// is one of a server that may commit.
func (s *Store) Attend(ctx context.Context, b storage.Beat) (storage.Position, storage.Node, error) {
	head, row, err := s.beat(ctx, b)
	if err != nil {
		return storage.Position{}, storage.Node{}, fmt.Errorf("attend as a node: %w", err)
	}
	return head, row, nil
}

// Beat implements storage.Store.
func (s *Store) Beat(ctx context.Context, b storage.Beat) (storage.Position, error) {
	head, _, err := s.beat(ctx, b)
	if err != nil {
		return storage.Position{}, fmt.Errorf("beat: %w", err)
	}
	return head, nil
}

// beat is one statement, of one snapshot, which is taken behind the question.
// Where it waits for whoever doubts the node, the row is the one after that,
// and none where the node was dropped.
func (s *Store) beat(ctx context.Context, b storage.Beat) (storage.Position, storage.Node, error) {
	var head storage.Position
	var row storage.Node
	err := s.pulse(ctx, func(pool *pgxpool.Pool) error {
		var trust int64
		err := pool.QueryRow(ctx, beat, b.Incarnation, b.Applied.Revision, b.Applied.ID, sqlcore.CeilMicros(b.Trust)).
			Scan(&head.Revision, &head.ID, &row.Incarnation, &row.Name, &row.Applied, &trust, &row.Beats, &row.Doubted)
		row.Trust = sqlcore.FromCeilMicros(trust)
		if isNoRows(err) {
			return whyNot(ctx, pool, b.Incarnation)
		}
		return err
	})
	return head, row, err
}

// beat counts a revision of which only some changes were applied as the one
// before, as storage.Registry says, and updates no row where the position is
// none of this log. The start of the log is in it for as long as the first
// revision is.
var beat = number(`WITH log AS (
		SELECT revision, id, CASE
			WHEN revision = ?2 AND id = ?3 THEN revision
			WHEN ?2 = 0 AND ?3 = '' THEN (SELECT 0 FROM change_log WHERE revision = 1 AND ordinal = 0)
			ELSE (
				SELECT CASE WHEN EXISTS (SELECT 1 FROM change_log AS more WHERE more.revision = at.revision AND more.ordinal > at.ordinal)
					THEN at.revision - 1 ELSE at.revision END
				FROM change_log AS at WHERE at.revision = ?2 AND at.id = ?3)
			END AS applied
		FROM head)
	UPDATE nodes SET applied = log.applied, trust = ?4, beats = beats + 1, doubted = false
	FROM log WHERE incarnation = ?1 AND log.applied IS NOT NULL
	RETURNING log.revision, log.id, incarnation, name, nodes.applied, trust, beats, doubted`)

// whyNot says why no row was updated.
func whyNot(ctx context.Context, pool *pgxpool.Pool, incarnation string) error {
	var there bool
	err := pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM nodes WHERE incarnation = $1) FROM head`, incarnation).Scan(&there)
	switch {
	case err != nil:
		return sqlcore.LostHead(err)
	case there:
		return storage.ErrGap
	}
	return storage.ErrNotFound
}

// Register implements storage.Store. It is not run twice: the first time may
// have entered the node.
func (s *Store) Register(ctx context.Context, n storage.Node) (storage.Position, error) {
	var head storage.Position
	var entered bool
	c, err := s.connect()
	if err == nil {
		err = c.pulse.QueryRow(ctx, register, n.Incarnation, n.Name, sqlcore.CeilMicros(n.Trust)).Scan(&head.Revision, &head.ID, &entered)
	}
	if err == nil && !entered {
		err = storage.ErrExists
	}
	if err != nil {
		return storage.Position{}, fmt.Errorf("register node %s: %w", n.Name, translate(sqlcore.LostHead(err)))
	}
	return head, nil
}

const register = `WITH log AS (SELECT revision, id FROM head),
	entered AS (
		INSERT INTO nodes (` + sqlcore.NodeColumns + `) SELECT $1, $2, revision, $3, 1, false FROM log
		ON CONFLICT DO NOTHING RETURNING incarnation)
	SELECT revision, id, EXISTS (SELECT 1 FROM entered) FROM log`

// Unregister implements storage.Store.
func (s *Store) Unregister(ctx context.Context, incarnation string) error {
	err := s.pulse(ctx, func(pool *pgxpool.Pool) error {
		_, err := pool.Exec(ctx, `DELETE FROM nodes WHERE incarnation = $1`, incarnation)
		return err
	})
	if err != nil {
		return fmt.Errorf("unregister node %s: %w", incarnation, err)
	}
	return nil
}
