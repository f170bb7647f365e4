package manage

import (
	"context"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// Receipt says how far a revocation has got about.
type Receipt struct {
	Revision int64 `json:"revision" doc:"Of the change."`
	Nodes    int   `json:"nodes" doc:"Gateways that are registered; a command is none."`
	// Confirmed: every one of them enforces it, or has fenced itself by now.
	Confirmed   bool       `json:"confirmed"`
	ConfirmedAt *time.Time `json:"confirmed_at" doc:"null: not yet."`
	Pending     []string   `json:"pending,omitempty" doc:"The nodes that had not confirmed when the wait ran out."`
	Silent      []string   `json:"silent,omitempty" doc:"Where it is confirmed: the nodes that have not said so. They have ended, or refuse every key by now."`
}

// RevokedKey is a key that was revoked, and the receipt.
type RevokedKey struct {
	KeyView
	Receipt Receipt `json:"receipt"`
}

const (
	// longestWait bounds how long a call may be kept open.
	longestWait = 5 * time.Minute
	// mostWaiting bounds how many calls wait at a time.
	mostWaiting = 64
	// The nodes are looked at ever less often: after so much of the time that
	// passed already.
	shortestPause, longestPause = 2 * time.Millisecond, 50 * time.Millisecond
	pauseIn                     = 8 // parts of that time
	// lookTimeout bounds one look.
	lookTimeout = 2 * time.Second
)

// ParseWait reads how long to wait for a receipt: what ParseDuration reads, and
// fractions and milliseconds, but at most 5m. Any other text is ErrDuration.
func ParseWait(text string) (time.Duration, error) {
	d, err := ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text)
	}
	if err != nil || d < 0 || d > longestWait {
		return 0, ErrDuration
	}
	return d, nil
}

// patience is what a call says of how long it waits; nil: not at all.
func patience(wait string) (*time.Duration, error) {
	if wait == "" {
		return nil, nil
	}
	d, err := ParseWait(wait)
	if err != nil {
		return nil, invalid("wait", "must be a duration of at most 5m, such as 5s")
	}
	return &d, nil
}

// pursuit is what a receipt is about.
type pursuit struct {
	revision storage.Revision
	since    time.Time // after the commit, with a monotonic reading
	patience *time.Duration
}

// follow finds out who enforces a change that was committed. Neither a store
// that can't tell nor a caller who goes away undoes that; the receipt says then
// what is known. Between two looks it holds nothing of the store. A server that
// ends is not held up, nor do more calls wait than may: they are told at once.
func (m *Manager) follow(ctx context.Context, p pursuit) Receipt {
	m.catchUp(ctx)
	receipt := Receipt{Revision: int64(p.revision)}
	over := make(<-chan time.Time)
	last := true
	if p.patience != nil && m.wait() {
		defer m.leave()
		timer := time.NewTimer(*p.patience - m.clock().Sub(p.since))
		defer timer.Stop()
		over, last = timer.C, false
	}
	for !m.inForce(ctx, p, &receipt) && !last {
		pause := min(max(m.clock().Sub(p.since)/pauseIn, shortestPause), longestPause)
		select {
		case <-ctx.Done():
			return receipt
		case <-over:
			last = true // after one more look
		case <-m.closing:
			last = true
		case <-time.After(pause):
		}
	}
	return receipt
}

// wait takes one of the places of those who may wait, until leave. False says
// that there is none.
func (m *Manager) wait() bool {
	select {
	case m.waiting <- struct{}{}:
		return true
	default:
		return false
	}
}

func (m *Manager) leave() { <-m.waiting }

// inForce fills in a receipt with what the store knows now, and reports whether
// the change is in force everywhere.
func (m *Manager) inForce(ctx context.Context, p pursuit, receipt *Receipt) (done bool) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var nodes []storage.Node
	err := m.store.View(ctx, func(r storage.Reader) (err error) {
		nodes, err = r.Nodes(ctx)
		return err
	})
	if err != nil {
		return false
	}
	receipt.Nodes = len(names(nodes))
	receipt.Pending = nil
	if waiting := storage.Outstanding(nodes, p.revision, m.clock().Sub(p.since)); len(waiting) > 0 {
		if p.patience != nil {
			receipt.Pending = names(waiting)
		}
		return false
	}
	now := m.now()
	receipt.Confirmed, receipt.ConfirmedAt = true, &now
	receipt.Silent = silent(nodes, p.revision)
	return true
}

// silent lists the processes that have not said of any of their registrations
// that a change is in force there.
func silent(nodes []storage.Node, revision storage.Revision) (quiet []string) {
	told := map[string]bool{}
	for _, n := range nodes {
		told[n.Name] = told[n.Name] || n.Applied >= revision
	}
	for _, name := range names(nodes) {
		if !told[name] {
			quiet = append(quiet, name)
		}
	}
	return quiet
}

// names lists processes, in their order: one may be registered several times,
// while a reload replaces one engine by another.
func names(nodes []storage.Node) []string {
	all := make([]string, 0, len(nodes))
	for _, n := range nodes {
		all = append(all, n.Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
