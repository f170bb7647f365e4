package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// fill makes the store equal to one state of the other, compares both, and has
// it be a store of its own.
func (r *run) fill(ctx context.Context) (done []Table, err error) {
	err = r.From.Snapshot(ctx, func(from *sqlcore.Session) error {
		done = nil
		for _, t := range sqlcore.Tables {
			one, err := r.copyTable(ctx, from, t)
			if err != nil {
				return fmt.Errorf("copy %s: %w", t.Name, err)
			}
			done = append(done, one)
			r.tell(one)
		}
		return r.compare(ctx, from, done)
	})
	if err != nil {
		return nil, err
	}
	if err := r.stands(ctx); err != nil {
		return nil, err
	}
	return done, r.finish(ctx)
}

func (r *run) tell(t Table) {
	if r.Progress != nil {
		r.Progress(t)
	}
}

// copyTable goes through a table page by page. Rows that are there already, as
// they should be, are left alone: so it goes on where another run ended.
func (r *run) copyTable(ctx context.Context, from *sqlcore.Session, t *sqlcore.Table) (Table, error) {
	done := Table{Name: t.Name}
	for behind := (*sqlcore.Row)(nil); ; {
		theirs, err := from.Page(ctx, t, behind, pageRows)
		if err != nil {
			return done, err
		}
		var next *sqlcore.Row
		var written int
		err = r.write(ctx, func(to *sqlcore.Session) (err error) {
			next, written, err = to.Equalise(ctx, t, behind, theirs, pageRows)
			return err
		})
		done.Written += int64(written)
		if err != nil || next == nil {
			return done, err
		}
		behind = next
	}
}

// compare digests each table on both sides.
func (r *run) compare(ctx context.Context, from *sqlcore.Session, done []Table) error {
	var differ []string
	err := r.To.Snapshot(ctx, func(to *sqlcore.Session) error {
		differ = nil
		for i, t := range sqlcore.Tables {
			rows, digest, err := r.digest(ctx, from, t)
			if err != nil {
				return fmt.Errorf("read %s where it is: %w", t.Name, err)
			}
			rowsThere, digestThere, err := r.digest(ctx, to, t)
			if err != nil {
				return fmt.Errorf("read %s where it was copied to: %w", t.Name, err)
			}
			if rows != rowsThere || digest != digestThere {
				differ = append(differ, fmt.Sprintf("%s (%d rows, and %d of them there)", t.Name, rows, rowsThere))
				continue
			}
			done[i].Rows, done[i].Digest = rows, digest
			r.tell(done[i])
		}
		return nil
	})
	if err == nil && len(differ) > 0 {
		err = &MismatchError{differ}
	}
	return err
}

// digest is the SHA-256 of a table's rows, in the order of their keys and the
// form that is the same in every database.
func (r *run) digest(ctx context.Context, q *sqlcore.Session, t *sqlcore.Table) (rows int64, digest string, err error) {
	sum := sha256.New()
	for behind := (*sqlcore.Row)(nil); ; {
		page, err := q.Page(ctx, t, behind, pageRows)
		if err != nil {
			return 0, "", err
		}
		for i := range page {
			sum.Write(page[i].Canonical())
		}
		if rows += int64(len(page)); len(page) < pageRows {
			return rows, hex.EncodeToString(sum.Sum(nil)), nil
		}
		behind = &page[len(page)-1]
		if err := r.beat(ctx); err != nil {
			return 0, "", err
		}
	}
}

// finish lets gates use the store.
func (r *run) finish(ctx context.Context) error {
	err := r.write(ctx, func(to *sqlcore.Session) error {
		if err := to.Renumbered(ctx); err != nil {
			return err
		}
		if err := to.Break(ctx); err != nil {
			return err
		}
		move, err := to.Move(ctx, sqlcore.MovesTo)
		if err != nil {
			return err
		}
		move.Done = true
		return to.PutMove(ctx, move)
	})
	if err != nil {
		return fmt.Errorf("complete the store that was filled: %w", err)
	}
	r.move.Done = true
	return nil
}
