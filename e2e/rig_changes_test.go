package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// changes are clients of a management API that create keys and revoke every
// second of them, call the gate with each, and remember what was acknowledged.
type changes struct {
	office *office
	stop   chan struct{}
	making sync.WaitGroup

	mu      sync.Mutex
	created []key
	revoked map[string]bool // by ID; what isn't here may be either
	active  map[string]bool // keys that nobody tried to revoke
	odd     []string        // answers that are neither success nor 503
}

func newChanges(o *office) *changes {
	return &changes{office: o, revoked: map[string]bool{}, active: map[string]bool{}}
}

// begin lets so many clients make changes until halt, or until the process is
// gone.
func (c *changes) begin(clients int) {
	c.stop = make(chan struct{})
	for range clients {
		c.making.Go(func() {
			for i := 0; c.one(i%2 == 0); i++ {
				select {
				case <-c.stop:
					return
				default:
				}
			}
		})
	}
}

func (c *changes) halt() {
	close(c.stop)
	c.making.Wait()
}

// acknowledged is how many changes were.
func (c *changes) acknowledged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.created) + len(c.revoked)
}

// one makes a key, and revokes it if it is to. It reports whether the process
// still answered.
func (c *changes) one(revoke bool) (goesOn bool) {
	made, got, err := c.office.create("a key")
	c.note(got, err)
	if err != nil {
		return errors.Is(err, errRefused)
	}
	c.mu.Lock()
	c.created = append(c.created, made)
	c.active[made.ID] = !revoke
	c.mu.Unlock()
	if _, err := c.office.try(http.MethodGet, "/", made.bearer()); err != nil {
		return false
	}
	if !revoke {
		return true
	}
	got, err = c.office.revoke(made.ID)
	c.note(got, err)
	if err != nil {
		return errors.Is(err, errRefused)
	}
	c.mu.Lock()
	c.revoked[made.ID] = true
	c.mu.Unlock()
	return true
}

func (c *changes) note(got response, err error) {
	if err == nil || !errors.Is(err, errRefused) || got.status == http.StatusServiceUnavailable {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.odd = append(c.odd, fmt.Sprint(got))
}

// stand fails the test where a change that was acknowledged isn't in the store.
func (c *changes) stand(t testing.TB, database string) {
	t.Helper()
	if len(c.odd) > 0 {
		t.Errorf("%d answers were neither success nor 503, such as %s", len(c.odd), c.odd[0])
	}
	view(t, database, func(ctx context.Context, r storage.Reader) error {
		for _, made := range c.created {
			stored, err := r.Key(ctx, keys.ID(made.ID))
			if err != nil {
				t.Errorf("%s was created, and is gone: %v", made.ID, err)
				continue
			}
			if c.revoked[made.ID] && stored.Status != keys.Revoked || c.active[made.ID] && stored.Status != keys.Active {
				t.Errorf("%s is %s; its revocation was acknowledged: %v", made.ID, stored.Status, c.revoked[made.ID])
			}
		}
		return nil
	})
}
