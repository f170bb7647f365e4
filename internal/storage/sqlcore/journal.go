package sqlcore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// What decides whether a batch waits in the journal, and how long.
const (
	// mostDirect is how many cells a batch may have that goes into the sums at
	// once: readers of what most gates flush find it there.
	mostDirect = 250
	// mostJournalled is how many cells may wait, and how many one transaction
	// posts; a batch has no more.
	mostJournalled = 50_000
	// longestJournalled is how long cells may wait while batches come.
	longestJournalled = 10 * time.Second
	// readersPatience is how long a reader waits for a turn to post, where it can do
	// without what was flushed last.
	readersPatience = time.Second
)

// Within runs fn in a transaction, or on a snapshot. It may run fn again.
type Within = func(ctx context.Context, fn func(*Session) error) error

// JournalConfig is what drivers do in their own way.
type JournalConfig struct {
	// Change begins a transaction in which nobody else writes usage, and commits
	// it.
	Change Within
	// Add adds cells to the sums, in such a transaction.
	Add func(ctx context.Context, q *Session, cells []storage.UsageCell) error
	// Unfit reports whether an error is because of what was to be stored, and so
	// would come again.
	Unfit func(error) bool
	// OnCorrupt hears of damaged rows and batches.
	OnCorrupt func(id string, err error)
	// OnUnposted hears that what was flushed can't be put into the sums; once,
	// until it could be again.
	OnUnposted func(error)
}

// Journal keeps large batches of usage as they are. A row of a sum costs several
// times what its cell costs in there; the cells of several batches, of which
// many are the same, are posted to the sums at once: when somebody reads sums,
// when there are too many cells, or when one waited for too long.
type Journal struct {
	cfg     JournalConfig
	holds   atomic.Bool   // cells of this process
	turn    chan struct{} // holds a token: who posts for readers takes it
	failing atomic.Bool   // the last posting behind a flush came to nothing
	part    atomic.Int64  // how many cells one transaction posts
}

// NewJournal makes the journal of a store.
func NewJournal(cfg JournalConfig) *Journal {
	j := &Journal{cfg: cfg, turn: make(chan struct{}, 1)}
	j.part.Store(mostJournalled)
	return j
}

// Apply adds a batch to the sums, or to the journal, in one transaction with what
// more writes, unless it was applied before. While the store is being moved,
// everything goes into the sums, which are what is copied.
func (j *Journal) Apply(ctx context.Context, batch *storage.UsageBatch, more func(*Session) error) error {
	due := false
	err := j.cfg.Change(ctx, func(q *Session) error {
		moving, err := q.Advance(ctx, *batch)
		if err != nil {
			return err
		}
		if err := j.count(ctx, q, batch.Cells, moving); err != nil {
			return err
		}
		if due, err = j.due(ctx, q); err != nil {
			return err
		}
		return more(q)
	})
	switch {
	case errors.Is(err, ErrApplied):
		return nil
	case err == nil && due:
		j.postBehind(ctx)
	}
	return err
}

// postBehind posts behind a batch that is stored already: that this can't be done
// is no reason to store it again.
func (j *Journal) postBehind(ctx context.Context) {
	err := j.Post(ctx)
	if failed := err != nil; j.failing.Swap(failed) != failed && failed {
		j.cfg.OnUnposted(err)
	}
}

func (j *Journal) count(ctx context.Context, q *Session, cells []storage.UsageCell, moving bool) error {
	if moving || len(cells) <= mostDirect {
		return j.cfg.Add(ctx, q, cells)
	}
	packed, err := pack(cells)
	if err != nil {
		return err
	}
	j.holds.Store(true)
	return q.Exec(ctx, "INSERT INTO usage_journal (since, format, amount, cells) VALUES ("+q.Now()+", ?, ?, ?)", packedFormat, len(cells), packed)
}

// due reports whether it is time to post.
func (j *Journal) due(ctx context.Context, q *Session) (due bool, err error) {
	err = q.Row(ctx, "SELECT COALESCE(CAST(sum(amount) AS BIGINT) >= ? OR min(since) <= "+q.Now()+" - ?, FALSE) FROM usage_journal WHERE format = ?",
		[]any{mostJournalled, longestJournalled.Microseconds(), packedFormat}, &due)
	return due, err
}

// PostLast posts what this process put into the journal, before the store is
// closed. What stays in there for a reason is as safe as before.
func (j *Journal) PostLast(within time.Duration) {
	if j.holds.Swap(false) {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		_ = j.Post(ctx)
	}
}

// View runs fn on a reader of a session that on provides. Where fn comes upon
// sums that don't hold yet all that was flushed, that is posted, and fn is run
// again. Where it can't be, as on a full disk or beside a writer that takes long,
// only what must be whole fails.
func (j *Journal) View(ctx context.Context, on Within, fn func(storage.Reader) error) error {
	var incomplete, must bool
	err := on(ctx, func(q *Session) error {
		incomplete = false
		complete := false
		return fn(j.reader(q, func(ctx context.Context, whole bool) error {
			if complete {
				return nil // a snapshot stays as it is
			}
			waits, err := unposted(ctx, q)
			if complete = err == nil && !waits; err == nil && waits {
				incomplete, must, err = true, whole, errUnposted
			}
			return err
		}))
	})
	if !incomplete {
		return err
	}
	why := j.postForReader(ctx, on, must)
	return on(ctx, func(q *Session) error {
		return fn(j.reader(q, func(_ context.Context, whole bool) error {
			if whole {
				return why
			}
			return nil
		}))
	})
}

var errUnposted = errors.New("there is usage that isn't in the sums yet")

// postForReader posts, unless another reader has meanwhile.
func (j *Journal) postForReader(ctx context.Context, on Within, whole bool) error {
	ctx, begun, cancel := impatient(ctx, whole)
	defer cancel()
	select {
	case j.turn <- struct{}{}:
		defer func() { <-j.turn }()
	case <-ctx.Done():
		return unpostedBecause(context.Cause(ctx))
	}
	waits := false
	err := on(ctx, func(q *Session) (err error) {
		waits, err = unposted(ctx, q)
		return err
	})
	if err != nil || !waits {
		return err
	}
	return j.post(ctx, begun)
}

func unpostedBecause(err error) error { return fmt.Errorf("put flushed usage into the sums: %w", err) }

var errNoTurn = errors.New("others wrote for too long")

// impatient is a context that ends after readersPatience, unless begun was called
// by then; where sums have to be whole, it is like any other.
func impatient(ctx context.Context, whole bool) (_ context.Context, begun, cancel func()) {
	if whole {
		return ctx, func() {}, func() {}
	}
	ctx, end := context.WithCancelCause(ctx)
	timer := time.AfterFunc(readersPatience, func() { end(errNoTurn) })
	return ctx, func() { timer.Stop() }, func() {
		timer.Stop()
		end(nil)
	}
}

func (j *Journal) reader(q *Session, sums func(ctx context.Context, whole bool) error) *Reader {
	r := NewReader(q, j.cfg.OnCorrupt)
	r.sums = sums
	return r
}

// unposted reports whether there is usage that isn't in the sums of a snapshot.
func unposted(ctx context.Context, q *Session) (waits bool, err error) {
	err = q.Row(ctx, "SELECT EXISTS (SELECT 1 FROM usage_journal WHERE format = ?)", []any{packedFormat}, &waits)
	return waits, err
}
