package postgres

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// channel is what news are told on.
const channel = "keystile_changes"

// record gives the changes of a transaction their place in the log, and tells
// who listens: here before the commit, elsewhere with it. It is the last that
// happens before the commit. Without changes it returns the revision that
// stands.
func (s *Store) record(ctx context.Context, tx *sqlcore.Transaction) (storage.Revision, error) {
	changes := tx.Name()
	if len(changes) == 0 || tx.Fault() != nil {
		return tx.Settle(ctx)
	}
	var revision storage.Revision
	var told string
	err := tx.Finish(ctx, sqlcore.Statement{SQL: logChanges, Args: append(rowsOf(changes), s.keep, announce(changes)), Dest: []any{&revision, &told}})
	if err != nil {
		return 0, fmt.Errorf("log the change: %w", tx.NotLogged(ctx, err))
	}
	for i := range changes {
		changes[i].Revision = revision
	}
	s.onCommit(changes)
	return revision, nil
}

// logChanges numbers the changes, logs them, forgets the oldest ones and sends
// word, in one round trip. The last change gives the head its ID. Nobody else
// changes the head meanwhile, so what it was is what it is in the snapshot.
const logChanges = `WITH was AS (SELECT revision, id FROM head), next AS (
		UPDATE head SET revision = revision + 1, id = (?1::text[])[cardinality(?1::text[])] WHERE ` + sqlcore.Still + ` RETURNING revision),
	logged AS (
		INSERT INTO change_log (revision, ordinal, id, subject, name, digests)
		SELECT next.revision, c.ordinal - 1, c.id, c.subject, c.name, c.digests
		FROM next, unnest(?1::text[], ?2::text[], ?3::text[], ?4::bytea[]) WITH ORDINALITY AS c (id, subject, name, digests, ordinal)),
	forgotten AS (
		DELETE FROM change_log USING next WHERE change_log.revision <= next.revision - ?5)
	SELECT next.revision, pg_notify('` + channel + `', CASE WHEN ?6 = '' THEN '' ELSE was.revision || ' ' || was.id || ' ' || ?6 END)::text FROM next, was`

// rowsOf are the columns of changes, each as an array.
func rowsOf(changes []storage.Change) []any {
	var ids, subjects, names []string
	var digests [][]byte
	for i := range changes {
		c := &changes[i]
		ids, subjects, names = append(ids, c.ID), append(subjects, string(c.Subject)), append(names, c.Name)
		digests = append(digests, sqlcore.JoinDigests(c.Digests))
	}
	return []any{ids, subjects, names, digests}
}

// Changes implements storage.Store. It is one statement, and so one snapshot
// and one round trip: every node asks this at every change.
func (s *Store) Changes(ctx context.Context, after storage.Position, limit int) ([]storage.Change, error) {
	c, err := s.connect()
	if err != nil {
		return nil, err
	}
	var changes []storage.Change
	err = retry(ctx, func() (err error) {
		changes, err = c.changes(ctx, after, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the changes after revision %d: %w", after.Revision, translate(err))
	}
	return changes, nil
}

// changesAfter has a row for each change, or one without any; none where there
// is no head. The start of the log is in it for as long as the first revision
// is.
var changesAfter = number(`SELECT log.revision, log.id, at.ordinal IS NOT NULL, change.id IS NOT NULL,
		coalesce(change.revision, 0), coalesce(change.id, ''), coalesce(change.subject, ''), coalesce(change.name, ''), change.digests
	FROM head AS log
	LEFT JOIN (
		SELECT ordinal FROM change_log WHERE revision = ?1 AND id = ?2
		UNION ALL
		SELECT ordinal FROM change_log WHERE revision = 1 AND ordinal = 0 AND ?1 = 0 AND ?2 = '') AS at ON true
	LEFT JOIN LATERAL (
		SELECT revision, ordinal, id, subject, name, digests FROM change_log
		WHERE (revision, ordinal) > (?1, at.ordinal) ORDER BY revision, ordinal LIMIT ?3) AS change ON true
	ORDER BY change.revision, change.ordinal`)

func (c *connections) changes(ctx context.Context, after storage.Position, limit int) (changes []storage.Change, err error) {
	found, err := c.main.Query(ctx, changesAfter, int64(after.Revision), after.ID, max(limit, 0))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var head storage.Position
	var known, there, some bool
	for found.Next() {
		some = true
		change, err := sqlcore.ScanChange(func(dest ...any) error {
			return found.Scan(append([]any{&head.Revision, &head.ID, &known, &there}, dest...)...)
		})
		if err != nil {
			return nil, err
		}
		if there {
			changes = append(changes, change)
		}
	}
	switch err := found.Err(); {
	case err != nil:
		return nil, err
	case !some:
		return nil, sqlcore.LostHead(storage.ErrNotFound)
	case !known && (after != (storage.Position{}) || head != after):
		return nil, storage.ErrGap
	}
	return changes, nil
}

// Catalogue implements storage.Store.
func (s *Store) Catalogue(ctx context.Context) (storage.Catalogue, error) {
	var all storage.Catalogue
	err := s.snapshot(ctx, func(q *sqlcore.Session, head storage.Position) error {
		var standby bool
		err := q.Row(ctx, `SELECT pg_is_in_recovery()`, nil, &standby)
		switch {
		case err != nil:
			return err
		case standby:
			return errStandby
		}
		all, err = sqlcore.Catalogue(ctx, q, head.Revision)
		return err
	})
	if err != nil {
		return storage.Catalogue{}, fmt.Errorf("read workspaces and projects: %w", err)
	}
	return all, nil
}
