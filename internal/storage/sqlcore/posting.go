package sqlcore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/keystile/keystile/internal/storage"
)

// posting is what one transaction posts: batches that follow one another.
type posting struct {
	first, last   int64
	batches, size int64 // size is in cells
	cells         merged
	damaged       map[int64]error
}

// Post puts what waits in the journal into the sums: at most mostJournalled cells
// in a transaction, so that each is progress and none is long. Where the time is
// too short for as many, it is half of them from then on, until there is more.
func (j *Journal) Post(ctx context.Context) error { return j.post(ctx, func() {}) }

// post calls begun as each transaction begins.
func (j *Journal) post(ctx context.Context, begun func()) error {
	for one := false; ; {
		most := j.part.Load()
		if one {
			most = 1
		}
		p, err := j.postSome(ctx, most, begun)
		switch {
		case err == nil && p.batches == 0:
			return nil
		case err == nil:
			j.part.Store(min(2*j.part.Load(), mostJournalled))
			continue
		case p.batches == 0 || !j.cfg.Unfit(err):
			if ctx.Err() != nil && p.size > 0 {
				j.part.Store(max(p.size/2, 1))
			}
			return unpostedBecause(err)
		case p.batches > 1:
			one = true // batch by batch, to find out which it is
			continue
		}
		if err := j.setAside(ctx, p.first, err); err != nil {
			return err
		}
		one = false
	}
}

// PostIn posts all that waits within a transaction in which nobody else writes
// usage.
func (j *Journal) PostIn(ctx context.Context, q *Session) error {
	for {
		p, err := j.postSomeIn(ctx, q, mostJournalled)
		if err != nil || p.batches == 0 {
			return err
		}
	}
}

// postSome posts in a transaction of its own. What it says of damage is told
// once it is committed.
func (j *Journal) postSome(ctx context.Context, most int64, begun func()) (p *posting, err error) {
	p = &posting{}
	err = j.cfg.Change(ctx, func(q *Session) (err error) {
		begun()
		p, err = j.postSomeIn(ctx, q, most)
		return err
	})
	if err == nil {
		for seq, why := range p.damaged {
			j.tell(seq, why)
		}
	}
	return p, err
}

// postSomeIn posts the batches that waited for longest: one, and as many more as
// have no more cells than most.
func (j *Journal) postSomeIn(ctx context.Context, q *Session, most int64) (*posting, error) {
	p := &posting{damaged: map[int64]error{}}
	if err := p.read(ctx, q, most); err != nil || p.batches == 0 {
		return p, err
	}
	for seq := range p.damaged {
		if err := markDamaged(ctx, q, seq); err != nil {
			return p, err
		}
	}
	gone, err := q.Change(ctx, "DELETE FROM usage_journal WHERE seq >= ? AND seq <= ? AND format = ?", p.first, p.last, packedFormat)
	if err != nil {
		return p, err
	}
	if fit := p.batches - int64(len(p.damaged)); gone != fit {
		return p, fmt.Errorf("%d batches of usage were read, and %d taken", fit, gone)
	}
	return p, j.cfg.Add(ctx, q, p.cells.inOrder())
}

func (p *posting) read(ctx context.Context, q *Session, most int64) error {
	const query = "SELECT seq, amount, cells FROM usage_journal WHERE format = ? ORDER BY seq LIMIT ?"
	return q.Each(ctx, query, []any{packedFormat, mostJournalled / mostDirect}, func(row Scan) (enough bool, err error) {
		var seq, amount int64
		var packed []byte
		if err := row(&seq, &amount, &packed); err != nil {
			return false, err
		}
		size := p.size + max(amount, 1)
		if p.batches > 0 && size > most {
			return true, nil
		}
		if p.batches == 0 {
			p.first = seq
		}
		p.last, p.size = seq, size
		p.batches++
		batch, err := unpack(packed)
		if err != nil {
			p.damaged[seq] = err
		}
		p.cells.add(batch)
		return false, nil
	})
}

// setAside leaves a batch where it is, for whoever can mend it.
func (j *Journal) setAside(ctx context.Context, seq int64, why error) error {
	err := j.cfg.Change(ctx, func(q *Session) error { return markDamaged(ctx, q, seq) })
	if err == nil {
		j.tell(seq, why)
	}
	return err
}

func (j *Journal) tell(seq int64, why error) {
	id := strconv.FormatInt(seq, 10)
	j.cfg.OnCorrupt(id, &CorruptionError{What: "usage batch", ID: id, Err: why})
}

func markDamaged(ctx context.Context, q *Session, seq int64) error {
	return q.Exec(ctx, "UPDATE usage_journal SET format = ? WHERE seq = ?", damagedFormat, seq)
}

// RefuseNewer refuses to leave behind usage that only a later version can read.
func (q *Session) RefuseNewer(ctx context.Context) error {
	var newer bool
	err := q.Row(ctx, "SELECT EXISTS (SELECT 1 FROM usage_journal WHERE format > ?)", []any{packedFormat}, &newer)
	if err == nil && newer {
		err = errNewer
	}
	return err
}

var errNewer = errors.New("there is usage that a later version stored, and this one can't read: use that version")

// OldDamage reports whether there are batches that couldn't be read, and are old.
func (q *Session) OldDamage(ctx context.Context, p storage.UsagePrune) (found bool, err error) {
	err = q.Row(ctx, "SELECT EXISTS (SELECT 1 FROM usage_journal WHERE format = ? AND since < ?)", []any{damagedFormat, Micros(p.CellsBefore)}, &found)
	return found, err
}

// PruneDamaged removes them.
func (q *Session) PruneDamaged(ctx context.Context, p storage.UsagePrune) error {
	if p.CellsBefore.IsZero() {
		return nil
	}
	return q.Exec(ctx, "DELETE FROM usage_journal WHERE format = ? AND since < ?", damagedFormat, Micros(p.CellsBefore))
}
