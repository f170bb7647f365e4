package engine

import (
	"context"
	"sync"

	"github.com/keystile/keystile/internal/storage"
)

// commits keeps account of this process's Updates. Fences are raised before a
// commit is sent; where it then fails, they stand above every revision that
// can be read, and memory is of no use until they are lowered again.
type commits struct {
	mu     sync.Mutex
	open   int    // Updates under way
	begun  uint64 // Updates in all
	failed bool   // one has failed since fences were lowered
}

func (c *commits) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
	c.begun++
}

func (c *commits) end(succeeded bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	c.failed = c.failed || !succeeded
}

// mark names the present, for settle.
func (c *commits) mark() (begun uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun - uint64(c.open)
}

// settle calls lower, once for all that failed, where no Update was under way
// at any time since a mark: what has been read of the log since then holds
// every commit that succeeded, and none is about to be. The next one waits.
func (c *commits) settle(mark uint64, lower func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed && c.begun == mark {
		lower()
		c.failed = false
	}
}

// accountedStore is the store of those that change it.
type accountedStore struct {
	storage.Store
	commits *commits
}

// Update implements storage.Store.
func (s accountedStore) Update(ctx context.Context, fn func(storage.Tx) error) (revision storage.Revision, err error) {
	succeeded := false // nor after a panic
	s.commits.begin()
	defer func() { s.commits.end(succeeded) }()
	revision, err = s.Store.Update(ctx, fn)
	succeeded = err == nil
	return revision, err
}
