package sqlcore

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
)

// Break has everybody who follows the change log start anew: what came into
// the store without being logged is in force for them, too. The log goes on
// behind a revision that it never had.
func (q *Session) Break(ctx context.Context) error {
	id := rand.Text()
	var revision storage.Revision
	err := q.Row(ctx, `UPDATE head SET revision = revision + 2, id = ? RETURNING revision`, []any{id}, &revision)
	if err != nil {
		return fmt.Errorf("break the log of changes: %w", LostHead(err))
	}
	if err := q.Exec(ctx, `DELETE FROM change_log`); err != nil {
		return fmt.Errorf("break the log of changes: %w", err)
	}
	return q.Exec(ctx, `INSERT INTO change_log (revision, ordinal, id, subject, name, digests) VALUES (?, ?, ?, ?, ?, ?)`,
		revision, 0, id, storage.SubjectWorkspace, storage.DefaultWorkspace, JoinDigests(nil))
}

// LastEntry is the number of the newest entry of the audit trail; 0: there is
// none.
func (q *Session) LastEntry(ctx context.Context) (seq int64, err error) {
	return seq, q.Row(ctx, `SELECT COALESCE(max(seq), 0) FROM audit`, nil, &seq)
}

// Trail reads entries of the audit trail behind a number, oldest first, and
// the number of the last one.
func (q *Session) Trail(ctx context.Context, behind int64, limit int) (rows []Row, last int64, err error) {
	audit := trail()
	rows, err = q.Page(ctx, audit, &Row{values: []any{behind}}, limit)
	if last = behind; len(rows) > 0 {
		last = rows[len(rows)-1].values[0].(int64)
	}
	return rows, last, err
}

// AddTrail appends those entries that aren't there yet, under numbers of this
// store, and says how many there were.
func (q *Session) AddTrail(ctx context.Context, rows []Row) (added int, err error) {
	audit := trail()
	for i := range rows {
		n, err := q.Change(ctx, "INSERT INTO audit ("+names(audit.columns[audit.keys:])+") VALUES "+
			Placeholders(1, len(audit.columns)-audit.keys)+" ON CONFLICT (id) DO NOTHING", rows[i].values[audit.keys:]...)
		if err != nil {
			return added, err
		}
		added += int(n)
	}
	return added, nil
}

func trail() *Table {
	for _, t := range Tables {
		if t.Name == "audit" {
			return t
		}
	}
	panic("there is no audit trail")
}
