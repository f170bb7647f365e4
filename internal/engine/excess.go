package engine

import (
	"net/netip"
	"time"

	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

// excessEvery is how often it is told at most that one key exceeds one limit.
// A client that is refused a thousand times a second starts no handler for each.
const excessEvery = time.Minute

// Excess is a request that a limit or quota refused, or would have.
type Excess struct {
	At         time.Time
	Principal  *verdict.Principal // nil: no key that is known, and Client guesses
	Client     netip.Addr         // the zero Addr where nobody knows it
	Code       problem.Code
	LimitName  string
	Limit      int64  // the bucket's size, or the quota
	Route      string // as usage names it; empty: none
	Project    string // of the request; empty: as the key's
	RetryAfter time.Duration
	Observed   bool // it was let through all the same
}

// TellsExcess reports whether anybody would hear of an Excess.
func (e *Engine) TellsExcess() bool { return e.teller.queue.Wants(events.LimitExceeded) }

// Exceeded tells of an excess, unless the same key's, or the same client's, of
// the same limit was told of just now. It waits for nobody.
func (e *Engine) Exceeded(x *Excess) {
	if !e.teller.excess.Due(x.matter(), x.At) {
		return
	}
	e.teller.queue.Offer(e.event(events.LimitExceeded, x.data()))
}

// matter is a key's, or that of all addresses of one site.
func (x *Excess) matter() events.Matter {
	if x.Principal != nil {
		return events.Matter{Key: string(x.Principal.ID), What: x.LimitName}
	}
	return events.Matter{Client: keys.ClientBlock(x.Client), What: x.LimitName}
}

func (x *Excess) data() map[string]any {
	p := x.Principal
	if p == nil {
		p = &verdict.Principal{Rights: &verdict.Rights{}}
	}
	mode, client, project := "enforce", "", x.Project
	if x.Observed {
		mode = "observe"
	}
	if x.Client.IsValid() {
		client = x.Client.String()
	}
	if project == "" {
		project = p.Project
	}
	return map[string]any{
		"key_id": string(p.ID), "owner": p.Owner, "environment": string(p.Environment), "workspace": p.Workspace, "project": project,
		"code": string(x.Code), "limit_name": x.LimitName, "limit": x.Limit, "route": x.Route, "mode": mode, "client": client,
		"retry_after": (&problem.Problem{RetryAfter: x.RetryAfter}).RetryAfterSeconds(), "time": timeText(x.At),
	}
}
