package sqlcore

import (
	"context"
	"fmt"
	"strconv"

	"github.com/keystile/keystile/internal/storage"
)

// posting is what one transaction posts: batches that follow one another.
type posting struct {
	first, last int64
	batches     int64
	cells       merged
	damaged     map[int64]error
}

// Post puts what waits in the journal into the sums: mostJournalled cells in a
// transaction, so that each is progress and none is long. begun is called as each
// begins.
func (j *Journal) Post(ctx context.Context, begun func()) error {
	for most := mostJournalled; ; {
		p, err := j.postSome(ctx, most, begun)
		switch {
		case err == nil && p.batches == 0:
			return nil
		case err == nil:
			continue
		case p.batches == 0 || !j.cfg.Unfit(err):
			return fmt.Errorf("put flushed usage into the sums: %w", err)
		case p.batches > 1:
			most = 1 // one batch after the other, to find out which it is
			continue
		}
		if err := j.setAside(ctx, p.first, err); err != nil {
			return err
		}
		most = mostJournalled
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
func (j *Journal) postSome(ctx context.Context, most int, begun func()) (p *posting, err error) {
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
func (j *Journal) postSomeIn(ctx context.Context, q *Session, most int) (*posting, error) {
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

func (p *posting) read(ctx context.Context, q *Session, most int) error {
	const query = "SELECT seq, amount, cells FROM usage_journal WHERE format = ? ORDER BY seq"
	cells := int64(0)
	return q.Each(ctx, query, []any{packedFormat}, func(row Scan) (enough bool, err error) {
		var seq, amount int64
		var packed []byte
		if err := row(&seq, &amount, &packed); err != nil {
			return false, err
		}
		if cells += amount; p.batches > 0 && cells > int64(most) {
			return true, nil
		}
		if p.batches == 0 {
			p.first = seq
		}
		p.last = seq
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

// PruneDamaged removes batches that couldn't be read, and are old.
func (q *Session) PruneDamaged(ctx context.Context, p storage.UsagePrune) error {
	if p.CellsBefore.IsZero() {
		return nil
	}
	return q.Exec(ctx, "DELETE FROM usage_journal WHERE format = ? AND since < ?", damagedFormat, Micros(p.CellsBefore))
}
