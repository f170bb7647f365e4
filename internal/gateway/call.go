package gateway

import (
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/identity"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/usage"
	"github.com/keystile/keystile/internal/verdict"
)

// Call is one request on its way through a gate: what the caller of Decide
// fills in, and what Decide finds out. It may be used again after Reset.
type Call struct {
	// Request is the request where the gate stands, behind all rewrites.
	Request *http.Request
	// Original is the target as the client sent it; nil: as in Request.
	Original *url.URL
	// Asking is the request that is answered, whose ID a refused caller is told;
	// nil: nobody is told one.
	Asking *http.Request
	// Presented is a credential that doesn't stand in Request; nil: it does.
	Presented *Presented
	// Rehearsal says that the call is no call: Explain alone. Nil: it is one.
	Rehearsal *Rehearsal
	// Client is the client's address; the zero Addr where it can't be read.
	Client netip.Addr

	// Match is what the route table says.
	Match policy.Match
	// Verdict is the conclusion.
	Verdict verdict.Verdict
	// Entry is the key that was presented; nil where there is none.
	Entry *engine.Entry
	// WouldDeny is the code that a gate which only observes would have refused
	// with; empty otherwise.
	WouldDeny problem.Code
	// Foreign says that the credential is not ours to judge and stays on the
	// request: a public route's, a preflight's, a JSON Web Token that may pass,
	// or that of a call which is let through only because nothing is enforced.
	Foreign bool

	// observed is the key of a call that would have been refused.
	observed *engine.Entry

	secret  string // as presented; never printed
	escaped string // path of the request
	now     time.Time
	method  string // as decided: extended CONNECT counts as GET
	project string
	label   usage.Label // of the project
	limits  [limit.MaxLimits]*limit.Limit
	nLimits int
	claims  [maxClaims]quota.Claim
	nClaims int
	excess  quota.Excess // of a quota that is used up
	stale   bool         // decided on knowledge that the store didn't confirm in time
	age     time.Duration
}

// Reset makes a call ready for another request.
func (c *Call) Reset() { *c = Call{} }

// Began is the time that Decide decided by: when it began.
func (c *Call) Began() time.Time { return c.now }

// Quotas is how many subjects' quotas the call asked.
func (c *Call) Quotas() int { return c.nClaims }

// Project is the one that the upstream is told of beside the key's own.
func (c *Call) Project() string { return c.project }

// Tell writes what the upstream is told of who calls.
func (c *Call) Tell(h http.Header) {
	if c.Entry == nil {
		identity.Anonymous.Set(h, "", "", c.project)
		return
	}
	c.Entry.Tell(h, c.project)
}

// Stale returns the age of the knowledge that the call was decided on, where
// the store didn't confirm it in time.
func (c *Call) Stale() (age time.Duration, stale bool) { return c.age, c.stale }

// Outcome names what was concluded, as logs and metrics have it: "allowed", or
// the code of the refusal, enforced or not.
func (c *Call) Outcome() string {
	if c.WouldDeny != "" {
		return string(c.WouldDeny)
	}
	return c.Verdict.Outcome()
}

// Problem is what a refused caller is told.
func (g *Gate) Problem(c *Call) *problem.Problem {
	p := &problem.Problem{Code: c.Verdict.Code, RetryAfter: c.Verdict.RetryAfter, Carrier: g.carrier}
	if p.Code == "" {
		p.Code = problem.InternalError
	}
	if policy.KnownMethod(c.method) {
		p.Method = c.method
	}
	if c.Match.Route != nil {
		p.Route = c.Match.Route.Endpoint()
	}
	if p.Code == problem.InsufficientScope && c.Entry != nil {
		p.RequiredScopes, p.MissingScopes, p.AnyOfScopes = verdict.Missing(c.Entry.Principal.Scopes, g.site, &c.Match)
		p.MissingScopes = append(p.MissingScopes, g.lacks(c)...)
	}
	return p
}
