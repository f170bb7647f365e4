package caddymodule

import (
	"sync"

	"github.com/keystile/keystile/internal/engine"
)

// living are the engines of this process that may still count, by the store
// that they count in. A configuration that changes the pepper has another
// engine on the same store as the one before it: what the two count adds up.
var living = census{stores: map[*engine.Engine]string{}}

type census struct {
	mu     sync.Mutex
	stores map[*engine.Engine]string
}

func (c *census) add(e *engine.Engine, store string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stores[e] = store
}

func (c *census) forget(e *engine.Engine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.stores, e)
}

// on lists the engines on one store.
func (c *census) on(store string) (found []*engine.Engine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e, its := range c.stores {
		if its == store {
			found = append(found, e)
		}
	}
	return found
}
