package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

const (
	// lookEvery is how often at most a node looks whether the others live.
	lookEvery = 5 * time.Second
	// countEvery is the same where it shares limits with them: a limiter that
	// is away has each take its share of as many as are known.
	countEvery = time.Second
)

// observer watches the rows of other nodes. One that has ended without a word
// would delay each receipt.
type observer struct {
	looked time.Time
	seen   map[string]sighting // by incarnation
}

// sighting is since when a row has been seen as it is, and doubted.
type sighting struct {
	beats          int64
	since, doubted time.Time
}

// look compares the nodes with what was seen before. They were read between
// two readings of a clock. Whoever has been silent for its own trust is to be
// asked whether it lives (doubt); whoever has been silent for twice that time
// and can't have missed the question, is gone (drop).
func (o *observer) look(nodes []storage.Node, self string, before, after time.Time) (doubt, drop []storage.Node) {
	seen := make(map[string]sighting, len(nodes))
	for _, n := range nodes {
		if n.Incarnation == self {
			continue
		}
		s := o.sight(n, after)
		seen[n.Incarnation] = s
		silent := before.Sub(s.since)
		switch {
		case !n.Doubted && n.Outlived(silent):
			doubt = append(doubt, n)
		case n.Doubted && n.Outlived(silent/2) && n.Outlived(before.Sub(s.doubted)):
			drop = append(drop, n)
		}
	}
	o.seen = seen
	return doubt, drop
}

func (o *observer) sight(n storage.Node, now time.Time) sighting {
	s, known := o.seen[n.Incarnation]
	if !known || s.beats != n.Beats {
		s = sighting{beats: n.Beats, since: now}
	}
	switch {
	case !n.Doubted:
		s.doubted = time.Time{}
	case s.doubted.IsZero():
		s.doubted = now
	}
	return s
}

// asked notes when it was committed that nodes are doubted.
func (o *observer) asked(nodes []storage.Node, now time.Time) {
	for _, n := range nodes {
		s := o.seen[n.Incarnation]
		s.doubted = now
		o.seen[n.Incarnation] = s
	}
}

// lookAround looks whether the other nodes live, and removes those that don't.
func (n *node) lookAround(ctx context.Context) error {
	before := n.engine.cfg.Now()
	if !n.others.looked.IsZero() && before.Sub(n.others.looked) < n.lookInterval() {
		return nil
	}
	var nodes []storage.Node
	err := n.engine.cfg.Store.View(ctx, func(r storage.Reader) (err error) {
		nodes, err = r.Nodes(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("look which nodes there are: %w", err)
	}
	n.others.looked = before
	n.engine.limits.setNodes(len(nodes))
	doubt, drop := n.others.look(nodes, n.self(), before, n.engine.cfg.Now())
	if len(doubt)+len(drop) == 0 {
		return nil
	}
	return n.remove(ctx, doubt, drop)
}

func (n *node) lookInterval() time.Duration {
	often := min(lookEvery, n.engine.settings.current.Load().trust()/beatsInTrust)
	if n.engine.limits.fleet != nil {
		often = min(often, countEvery)
	}
	return often
}

// remove asks the silent nodes whether they live, and removes those that are
// gone. One that has said something meanwhile stays.
func (n *node) remove(ctx context.Context, doubt, drop []storage.Node) error {
	var asked, gone []storage.Node
	_, err := n.engine.cfg.Store.Update(ctx, func(tx storage.Tx) (err error) {
		asked, err = those(doubt, func(one storage.Node) error { return tx.DoubtNode(ctx, one.Incarnation, one.Beats) })
		if err != nil {
			return err
		}
		gone, err = those(drop, func(one storage.Node) error { return tx.DropNode(ctx, one.Incarnation, one.Beats) })
		return err
	})
	if err != nil {
		return fmt.Errorf("remove nodes that are silent: %w", err)
	}
	n.others.asked(asked, n.engine.cfg.Now())
	for _, one := range gone {
		n.engine.cfg.Log.Warn("a node ended without a word: receipts of revocations don't wait for it any more", "node", one.Name)
	}
	return nil
}

// those returns the nodes that fn finds as they were.
func those(nodes []storage.Node, fn func(storage.Node) error) (found []storage.Node, err error) {
	for _, one := range nodes {
		err := fn(one)
		if err == nil {
			found = append(found, one)
		} else if !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
	}
	return found, nil
}
