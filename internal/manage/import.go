package manage

import (
	"context"
	"iter"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

const (
	importAction = "key.import"
	// importBatch is how many rows one transaction takes: who follows the log
	// of changes, and who else wants to write, gets a turn between two.
	importBatch = 500
	// importTimeout bounds such a transaction: it has as much to do as hundreds
	// of others.
	importTimeout = time.Minute
)

// Unsupported is the code of rows whose digests can't be looked up by a
// presented secret. Only rows of an import have it.
const Unsupported problem.Code = "unsupported"

// Importer takes keys over from another system, for who has the store at hand.
type Importer interface {
	// ImportKeys stores a key for each row that is new and in order. Rows are
	// committed by the hundred: an error means that it stopped on its way, and
	// that running it again goes on from there. A row whose key is here already
	// changes nothing; one that says something else about it is refused.
	ImportKeys(ctx context.Context, call Call, ask Import) (Imported, error)
}

var _ Importer = (*Manager)(nil)

// Import asks for keys of another system.
type Import struct {
	// Rows yields each row once, in order; an error ends it.
	Rows iter.Seq2[ImportRow, error]
	// Plaintext lets rows hold secrets.
	Plaintext bool
	// HMACKey is what the other system keyed its digests with; zero: nothing.
	HMACKey keys.Secret
	// DryRun changes nothing, and answers as if it had.
	DryRun bool
	// Refused hears of each row that was refused, in order.
	Refused func(RefusedRow)
}

// ImportRow is one key as another system knew it: by its secret, or by its
// digest and how that was made.
type ImportRow struct {
	Line int // where it begins, from 1
	// Fault says why nothing could be made of the row; empty: something could.
	Fault     string
	Ask       NewKey
	Secret    keys.Secret
	Digest    string // hex
	Algorithm string
}

// RefusedRow is a row that was not imported. The reason repeats nothing that
// may be a secret.
type RefusedRow struct {
	Line   int          `json:"line"`
	Code   problem.Code `json:"code"`
	Reason string       `json:"reason"`
}

// Imported counts the rows by what came of them.
type Imported struct {
	Imported  int
	Unchanged int
	Refused   int
}

// importRun is one import on its way.
type importRun struct {
	*Manager
	call      Call
	workspace string
	ask       Import
	rehearsal rehearsal
	number    int // of the last key that was named "Key N"
	done      Imported
}

// ImportKeys implements Importer.
func (m *Manager) ImportKeys(ctx context.Context, call Call, ask Import) (Imported, error) {
	workspace, err := m.enter(ctx, call, importAction)
	if err != nil {
		return Imported{}, err
	}
	run := &importRun{Manager: m, call: call, workspace: workspace, ask: ask}
	err = run.all(ctx)
	return run.done, err
}

// all commits what came before an error of the rows.
func (r *importRun) all(ctx context.Context) error {
	rows := make([]ImportRow, 0, importBatch)
	var broken error
	for row, err := range r.ask.Rows {
		if err != nil {
			broken = err
			break
		}
		if rows = append(rows, row); len(rows) == cap(rows) {
			if err := r.commit(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if err := r.commit(ctx, rows); err != nil {
		return err
	}
	return broken
}

// commit takes some rows in one transaction, all or none of them, and counts
// what came of them.
func (r *importRun) commit(ctx context.Context, rows []ImportRow) error {
	const doing = "import keys"
	var batch *importing
	take := func(tx importTx) (err error) {
		if batch, err = r.begin(ctx, tx); err != nil {
			return err
		}
		return batch.take(ctx, rows)
	}
	var err error
	if r.ask.DryRun {
		err = r.view(ctx, doing, func(reader storage.Reader) error { return take(r.rehearsal.on(reader)) })
	} else {
		_, err = r.commitWithin(ctx, importTimeout, doing, func(tx storage.Tx) error { return take(tx) })
	}
	if err != nil {
		return err
	}
	r.number = batch.number
	r.done.Imported += batch.imported
	r.done.Unchanged += batch.unchanged
	r.done.Refused += len(batch.refused)
	for _, row := range batch.refused {
		r.ask.Refused(row)
	}
	return nil
}
