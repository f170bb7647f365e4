package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// shelf is a store's data, which several handles share.
type shelf struct {
	mu    sync.Mutex
	head  storage.Position
	log   []storage.Change // what is left of it, oldest first
	keys  map[keys.ID]keys.Key
	nodes map[string]storage.Node
}

func newShelf() *shelf {
	return &shelf{keys: map[keys.ID]keys.Key{}, nodes: map[string]storage.Node{}}
}

// prune forgets all but the newest change: who is further behind finds a gap.
func (s *shelf) prune() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = s.log[max(0, len(s.log)-1):]
}

func (s *shelf) since(after storage.Position) ([]storage.Change, error) {
	if after == s.head {
		return nil, nil
	}
	if after == (storage.Position{}) && len(s.log) > 0 && s.log[0].Revision == 1 {
		return slices.Clone(s.log), nil
	}
	at := slices.IndexFunc(s.log, func(c storage.Change) bool { return c.Position == after })
	if at < 0 {
		return nil, storage.ErrGap
	}
	return slices.Clone(s.log[at+1:]), nil
}

func (s *shelf) all() []storage.Node {
	return slices.SortedFunc(maps.Values(s.nodes), func(a, b storage.Node) int { return cmp.Compare(a.Name, b.Name) })
}

var errAway = errors.New("the store is away")

// handle is one process's way to a shelf. Between sending a question, its
// effect and the answer, others may come first.
type handle struct {
	storage.Store // what no test here asks for
	*shelf
	onCommit    func([]storage.Change)
	between     func()
	blind, mute bool // reads fail; writes fail
	lost        bool // the answers to writes are lost
	attendBeats bool // asking is a beat
}

func newHandle(s *shelf) *handle {
	return &handle{shelf: s, onCommit: func([]storage.Change) {}, between: func() {}}
}

func (h *handle) Migrate(context.Context) error                  { return nil }
func (h *handle) Close() error                                   { return nil }
func (h *handle) PollInterval() time.Duration                    { return time.Hour }
func (h *handle) OnCommit(fn func([]storage.Change))             { h.onCommit = fn }
func (h *handle) OnNews(func(storage.News))                      {}
func (h *handle) Schemes(context.Context) ([]keys.Scheme, error) { return nil, nil }

// read runs fn on the shelf as it is at one instant.
func (h *handle) read(fn func() error) error {
	h.between()
	if h.blind {
		return errAway
	}
	h.mu.Lock()
	err := fn()
	h.mu.Unlock()
	h.between()
	return err
}

// write is read for what changes the shelf.
func (h *handle) write(fn func() error) error {
	h.between()
	if h.mute {
		return errAway
	}
	h.mu.Lock()
	err := fn()
	h.mu.Unlock()
	h.between()
	if err == nil && h.lost {
		return errAway
	}
	return err
}

func (h *handle) Confirm(context.Context) (head storage.Position, err error) {
	err = h.read(func() error { head = h.head; return nil })
	return head, err
}

func (h *handle) Changes(_ context.Context, after storage.Position, limit int) (changes []storage.Change, err error) {
	err = h.read(func() (err error) {
		changes, err = h.since(after)
		changes = changes[:min(len(changes), limit)]
		return err
	})
	return changes, err
}

func (h *handle) Lookup(_ context.Context, digests []keys.Digest) (found storage.Lookup, err error) {
	err = h.read(func() error {
		found.Revision = h.head.Revision
		for _, k := range h.keys {
			if slices.Contains(digests, k.Digest) {
				found.Key = &k
			}
		}
		return nil
	})
	return found, err
}

// View shows nodes, and nothing else.
func (h *handle) View(_ context.Context, fn func(storage.Reader) error) error {
	var nodes []storage.Node
	if err := h.read(func() error { nodes = h.all(); return nil }); err != nil {
		return err
	}
	return fn(nodeReader{nodes: nodes})
}

type nodeReader struct {
	storage.Reader
	nodes []storage.Node
}

func (r nodeReader) Nodes(context.Context) ([]storage.Node, error) { return r.nodes, nil }

func (h *handle) Register(_ context.Context, n storage.Node) (head storage.Position, err error) {
	err = h.write(func() error {
		head = h.head
		n.Applied, n.Beats = head.Revision, 1
		h.nodes[n.Incarnation] = n
		return nil
	})
	return head, err
}

func (h *handle) Beat(_ context.Context, b storage.Beat) (head storage.Position, err error) {
	err = h.write(func() error {
		head = h.head
		return h.beat(b)
	})
	return head, err
}

func (s *shelf) beat(b storage.Beat) error {
	n, there := s.nodes[b.Incarnation]
	if !there {
		return storage.ErrNotFound
	}
	if _, err := s.since(b.Applied); err != nil {
		return err
	}
	n.Applied, n.Trust, n.Doubted = b.Applied.Revision, b.Trust, false
	n.Beats++
	s.nodes[b.Incarnation] = n
	return nil
}

func (h *handle) Attend(_ context.Context, b storage.Beat) (head storage.Position, row storage.Node, err error) {
	way := h.read
	if h.attendBeats {
		way = h.write
	}
	err = way(func() error {
		if h.attendBeats {
			if err := h.beat(b); err != nil {
				return err
			}
		}
		n, there := h.nodes[b.Incarnation]
		if !there {
			return storage.ErrNotFound
		}
		head, row = h.head, n
		return nil
	})
	return head, row, err
}

func (h *handle) Unregister(_ context.Context, incarnation string) error {
	return h.write(func() error { delete(h.nodes, incarnation); return nil })
}

// Update has no snapshot to go back to: fn fails before it changes anything.
func (h *handle) Update(_ context.Context, fn func(storage.Tx) error) (storage.Revision, error) {
	var revision storage.Revision
	err := h.write(func() error {
		tx := &shelfTx{shelf: h.shelf}
		if err := fn(tx); err != nil {
			return err
		}
		if len(tx.changes) > 0 {
			h.head.Revision++
			h.head.ID = "change " + strconv.Itoa(int(h.head.Revision)) + "." + strconv.Itoa(len(tx.changes)-1)
		}
		for i := range tx.changes {
			tx.changes[i].Position = storage.Position{Revision: h.head.Revision, ID: "change " + strconv.Itoa(int(h.head.Revision)) + "." + strconv.Itoa(i)}
		}
		h.onCommit(tx.changes)
		h.log = append(h.log, tx.changes...)
		revision = h.head.Revision
		return nil
	})
	return revision, err
}

type shelfTx struct {
	storage.Tx
	*shelf
	changes []storage.Change
}

func (t *shelfTx) UpdateKey(_ context.Context, k *keys.Key) error {
	t.keys[k.ID] = *k
	t.changes = append(t.changes, storage.Change{Subject: storage.SubjectKey, Name: string(k.ID), Digests: []keys.Digest{k.Digest}})
	return nil
}

func (t *shelfTx) DoubtNode(_ context.Context, incarnation string, beats int64) error {
	n, there := t.nodes[incarnation]
	if !there || n.Beats != beats || n.Doubted {
		return storage.ErrNotFound
	}
	n.Doubted = true
	t.nodes[incarnation] = n
	return nil
}

func (t *shelfTx) DropNode(_ context.Context, incarnation string, beats int64) error {
	n, there := t.nodes[incarnation]
	if !there || n.Beats != beats || !n.Doubted {
		return storage.ErrNotFound
	}
	delete(t.nodes, incarnation)
	return nil
}
