package sqlcore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// What decides whether a batch waits in the journal, and how long.
const (
	// mostDirect is how many cells a batch may have that goes into the sums at
	// once: readers of what most gates flush find it there.
	mostDirect = 250
	// mostJournalled is how many cells may wait to be posted, and so how much one
	// transaction may have to write.
	mostJournalled = 50_000
	// longestJournalled is how long cells may wait while batches come.
	longestJournalled = 10 * time.Second
	// postWithin bounds how long a reader waits for others who write, where it
	// can do without the last seconds.
	postWithin = time.Second
)

var errUnposted = errors.New("there is usage that isn't in the sums yet")

// Journal keeps large batches of usage as they are. A row of a sum costs ten
// times what its cell costs in there; the cells of several batches, of which
// many are the same, are posted to the sums at once: when somebody reads sums,
// when there are too many cells, or when one waited for too long.
type Journal struct {
	// Add adds cells to the sums.
	Add func(ctx context.Context, q *Session, cells []storage.UsageCell) error
	// OnCorrupt hears of damaged batches and of damaged rows.
	OnCorrupt func(id string, err error)

	holds atomic.Bool // cells of this process
}

// Count puts a batch's cells into the sums, or into the journal. While the store
// is being moved, everything goes into the sums, which are what is copied. Nobody
// else may be writing usage.
func (j *Journal) Count(ctx context.Context, q *Session, cells []storage.UsageCell, moving bool) error {
	if moving || len(cells) <= mostDirect {
		return j.Add(ctx, q, cells)
	}
	packed, err := pack(cells)
	if err != nil {
		return err
	}
	err = q.Exec(ctx, "INSERT INTO usage_journal (since, amount, cells) VALUES ("+q.Now()+", ?, ?)", len(cells), packed)
	if err != nil {
		return err
	}
	j.holds.Store(true)
	var due bool
	err = q.Row(ctx, "SELECT CAST(sum(amount) AS BIGINT) >= ? OR min(since) <= "+q.Now()+" - ? FROM usage_journal WHERE NOT damaged",
		[]any{mostJournalled, longestJournalled.Microseconds()}, &due)
	if err != nil || !due {
		return err
	}
	return j.Post(ctx, q)
}

// Post puts what is in the journal into the sums. Nobody else may be writing
// usage.
func (j *Journal) Post(ctx context.Context, q *Session) error {
	var taken Merged
	if err := j.take(ctx, q, &taken); err != nil {
		return fmt.Errorf("take usage out of the journal: %w", err)
	}
	return j.Add(ctx, q, taken.Cells())
}

// take takes the cells out of the journal. A batch that can't be read is
// reported, and stays where it is.
func (j *Journal) take(ctx context.Context, q *Session, into *Merged) error {
	var damaged []int64
	batches := 0
	err := q.Each(ctx, "SELECT seq, cells FROM usage_journal WHERE NOT damaged ORDER BY seq", nil, func(row Scan) (bool, error) {
		batches++
		var seq int64
		var packed []byte
		if err := row(&seq, &packed); err != nil {
			return false, err
		}
		cells, err := unpack(packed)
		if err != nil {
			id := strconv.FormatInt(seq, 10)
			j.OnCorrupt(id, &CorruptionError{What: "usage batch", ID: id, Err: err})
			damaged = append(damaged, seq)
		}
		into.Add(cells)
		return false, nil
	})
	if err != nil || batches == 0 {
		return err
	}
	for _, seq := range damaged {
		if err := q.Exec(ctx, "UPDATE usage_journal SET damaged = TRUE WHERE seq = ?", seq); err != nil {
			return err
		}
	}
	return q.Exec(ctx, "DELETE FROM usage_journal WHERE NOT damaged")
}

// PostLast posts what this process put into the journal, before the store is
// closed. What stays in there for a reason is as safe as before.
func (j *Journal) PostLast(within time.Duration, change func(context.Context, func(*Session) error) error) {
	if !j.holds.Swap(false) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_ = change(ctx, func(q *Session) error { return j.Post(ctx, q) })
}

// View runs fn on a reader of a session that on provides. Where fn comes upon
// sums that don't hold yet all that was flushed, change posts the rest, and fn is
// run again. Where that can't be done, as on a full disk or beside a writer that
// takes long, only what must be exact fails.
func (j *Journal) View(ctx context.Context, fn func(storage.Reader) error, on, change func(context.Context, func(*Session) error) error) error {
	incomplete, must := false, false
	err := on(ctx, func(q *Session) error {
		return fn(j.reader(q, func(ctx context.Context, exact bool) error {
			waits, err := unposted(ctx, q)
			if err == nil && waits {
				incomplete, must, err = true, exact, errUnposted
			}
			return err
		}))
	})
	if !incomplete {
		return err
	}
	why := j.postBefore(ctx, must, change)
	return on(ctx, func(q *Session) error {
		return fn(j.reader(q, func(_ context.Context, exact bool) error {
			if exact && why != nil {
				return fmt.Errorf("put flushed usage into the sums: %w", why)
			}
			return nil
		}))
	})
}

// postBefore posts for somebody who reads sums, and must have them whole or not.
func (j *Journal) postBefore(ctx context.Context, must bool, change func(context.Context, func(*Session) error) error) error {
	if !must {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, postWithin)
		defer cancel()
	}
	return change(ctx, func(q *Session) error { return j.Post(ctx, q) })
}

func (j *Journal) reader(q *Session, sums func(ctx context.Context, exact bool) error) *Reader {
	r := NewReader(q, j.OnCorrupt)
	r.sums = sums
	return r
}

// unposted reports whether there is usage that isn't in the sums of a snapshot.
func unposted(ctx context.Context, q *Session) (waits bool, err error) {
	err = q.Row(ctx, "SELECT EXISTS (SELECT 1 FROM usage_journal WHERE NOT damaged)", nil, &waits)
	return waits, err
}
