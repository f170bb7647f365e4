package gateway

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/target"
	"github.com/keystile/keystile/internal/usage"
	"github.com/keystile/keystile/internal/verdict"
)

// retryLater is what a caller is told to wait while the store is away.
const retryLater = time.Second

// Decide fills in the call's verdict. A refusal of a known key is counted
// here; a call that goes on is counted by Count, once its status is known.
func (g *Gate) Decide(c *Call) {
	c.now = g.now()
	c.Verdict.Conclude(g.judge(c))
	g.noteUnlisted(c)
	g.tellExcess(c)
	switch {
	case c.Verdict.Admitted():
	case g.observe && c.Presented == nil:
		g.letThrough(c)
	default:
		g.deny(c)
	}
}

// deny counts a refusal of a known key, and notes it for who asks later.
func (g *Gate) deny(c *Call) {
	id := keys.ID("")
	if c.Entry != nil {
		c.Entry.Count(g.event(c, c.Verdict.Code.Row().Status))
		id = c.Entry.Principal.ID
	}
	if c.Asking == nil || g.requestID == nil || !g.engine.Denials().Reserve(id, c.Client) {
		return
	}
	denial := &usage.Denial{
		Event: g.event(c, c.Verdict.Code.Row().Status), RequestID: g.requestID(c.Asking), KeyID: id, Gate: g.place, Path: g.harmless(c),
	}
	if c.project == "" {
		denial.Project = usage.NoProject // it was the key's own
	}
	g.engine.Denials().Note(denial)
}

// letThrough admits what would have been refused, on nobody's behalf: it is
// no call of the key's, and the upstream isn't told of one.
func (g *Gate) letThrough(c *Call) {
	if c.Entry == nil {
		stranger := g.event(c, 0)
		stranger.Observed = true
		g.engine.Strangers().Count(stranger)
	}
	c.WouldDeny, c.observed = c.Verdict.Code, c.Entry
	c.Verdict, c.Entry, c.Foreign, c.excess = verdict.Verdict{}, nil, true, quota.Excess{}
	c.Verdict.Conclude(verdict.Refusal{})
}

// noteUnlisted takes note of what a key calls and no route lists: whoever
// writes routes wants to know. Strangers could fill any list.
func (g *Gate) noteUnlisted(c *Call) {
	if c.Match.Route == nil && c.Entry != nil && c.Presented == nil && len(g.endpoints) > 0 {
		g.engine.Unlisted().Count(c.now, g.place, noted(c.method), g.harmless(c), c.Verdict.Outcome())
	}
}

func (g *Gate) judge(c *Call) (refusal verdict.Refusal) {
	if !g.locate(c) {
		return verdict.Deny(problem.AmbiguousPath)
	}
	if c.Presented == nil && (c.Match.Public() || g.preflight && isPreflight(c.Request)) {
		c.Foreign = true
		return refusal
	}
	if refusal = g.recognise(c); refusal.Code != "" || c.Foreign {
		return refusal
	}
	if refusal = g.permit(c); refusal.Code != "" {
		return refusal
	}
	return g.take(c)
}

// recognise reads the credential and finds whose it is, where that matters.
func (g *Gate) recognise(c *Call) verdict.Refusal {
	if c.Rehearsal != nil && c.Rehearsal.KeyID != "" {
		return g.callUp(c)
	}
	found := g.find(c)
	switch {
	case found.Code != "":
		return verdict.Deny(found.Code)
	case found.JWT:
		return g.judgeJWT(c)
	}
	return g.identify(c, found.Text)
}

// isPreflight reports whether a browser asks before it sends the request
// itself (Fetch standard, CORS-preflight request).
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header["Origin"]) > 0 && len(r.Header["Access-Control-Request-Method"]) > 0
}

// locate looks the route up and judges the target's shape, as it was sent and
// as it stands after rewrites. The path that is decided on is the one that is
// forwarded.
func (g *Gate) locate(c *Call) bool {
	r := c.Request
	c.method = r.Method
	if target.ExtendedConnect(r) {
		c.method = http.MethodGet
	}
	if !target.Served(r) {
		return false
	}
	c.escaped = r.URL.EscapedPath()
	g.site.Table.Find(c.method, c.escaped, &c.Match)
	shape := target.Plain
	if c.Match.Loose() {
		shape = target.Loose
	}
	if !shape(c.escaped) {
		return false
	}
	rewritten := c.Original != nil && (c.Original.Path != r.URL.Path || c.Original.RawPath != r.URL.RawPath)
	return !rewritten || shape(c.Original.EscapedPath())
}

// judgeJWT lets a JSON Web Token through untouched where the configuration
// says so, and where a key would be let through, too.
func (g *Gate) judgeJWT(c *Call) (refusal verdict.Refusal) {
	unlisted := c.Match.Route == nil && len(c.Match.Shadows) == 0 && g.site.DefaultAllow && policy.KnownMethod(c.method)
	if c.Presented != nil || !c.Match.PassesJWT() && !(g.jwt && unlisted) {
		return verdict.Deny(problem.JWTNotSupported)
	}
	c.Foreign = true
	return refusal
}

// identify finds whose secret was presented. What isn't a key of ours byte for
// byte is refused without asking the store.
func (g *Gate) identify(c *Call, secret string) (refusal verdict.Refusal) {
	if _, err := g.format.Check(secret); err != nil {
		return verdict.Deny(problem.MalformedKey)
	}
	c.secret = secret
	if inTarget(c) {
		return verdict.Deny(problem.MultipleCredentials)
	}
	fp := keys.FingerprintOf(secret)
	entry, found, known := g.engine.Recall(fp, c.now)
	if !known {
		if entry, found, refusal = g.fetch(c, fp, secret); refusal.Code != "" {
			return refusal
		}
	}
	if !found || c.Presented.hides(&entry.Principal) || c.Rehearsal.hides(&entry.Principal) {
		return verdict.Deny(problem.UnknownKey)
	}
	c.Entry, c.label = entry, entry.Project()
	return refusal
}

// fetch asks the store, unless the client has guessed too often. A key that
// this node has met is never a guess, and what turns out to be one is none.
func (g *Gate) fetch(c *Call, fp keys.Fingerprint, secret string) (entry *engine.Entry, found bool, refusal verdict.Refusal) {
	guesses := g.engine.Guesses()
	told := c.Presented == nil || c.Client.IsValid() // else whoever asks would share one bucket with all others
	guess := guesses != nil && told && !g.engine.Met(fp)
	if guess {
		if granted, retryAfter := guesses.Take(c.Client, c.now); !granted {
			return nil, false, verdict.Refusal{Code: problem.RateLimited, RetryAfter: retryAfter}
		}
	}
	entry, found, err := g.engine.Fetch(c.Request.Context(), fp, secret, c.now)
	if guess && (found || err != nil || c.Rehearsal != nil) {
		guesses.GiveBack(c.Client)
	}
	if err == nil {
		return entry, found, refusal
	}
	if entry, found = g.stale(c, fp); found {
		return entry, true, refusal
	}
	return nil, false, unavailable(problem.StoreUnavailable)
}

// stale recalls a key from memory that the store hasn't confirmed lately, as
// far as the configuration allows it.
func (g *Gate) stale(c *Call, fp keys.Fingerprint) (entry *engine.Entry, found bool) {
	entry, age, found := g.engine.RecallStale(fp, c.now)
	c.stale, c.age = found, age
	return entry, found
}

// permit holds the key against what the site and the route demand.
func (g *Gate) permit(c *Call) verdict.Refusal {
	c.project = g.project(c)
	facts := verdict.Facts{Now: c.now, Site: g.site, Match: &c.Match, Method: c.method, Client: c.Client, Project: c.project}
	code, label := g.judgeKey(c.Request.Context(), &c.Entry.Principal, &facts)
	if label != (usage.Label{}) {
		c.label = label
	}
	c.Rehearsal.note(&facts, code)
	if code == problem.StoreUnavailable {
		return unavailable(code)
	}
	return verdict.Deny(g.andScopes(c, code))
}

// judgeKey says that the store is away only where the answer depends on whose
// project it is: a fault hides nothing that comes before. label is the
// project's; the zero Label, where nothing is known of one.
func (g *Gate) judgeKey(ctx context.Context, p *verdict.Principal, facts *verdict.Facts) (code problem.Code, label usage.Label) {
	var fault error
	if facts.Project != "" {
		var of engine.ProjectOf
		of, fault = g.engine.ProjectOf(ctx, p.Workspace, facts.Project)
		label, facts.ProjectElsewhere = of.Label, of.Elsewhere
	}
	if code = verdict.JudgeRoute(p, facts); code != "" {
		return code, label
	}
	if fault != nil {
		return problem.StoreUnavailable, label
	}
	return verdict.JudgeRights(p, facts), label
}

func unavailable(code problem.Code) verdict.Refusal {
	return verdict.Refusal{Code: code, RetryAfter: retryLater}
}

// Count records an admitted call: once its status line is written, or with
// status 0 when it ended without one. One that is only observed is recorded as
// the refusal that it would have been, with what was answered all the same.
func (g *Gate) Count(c *Call, status int) {
	switch {
	case c.observed != nil:
		c.observed.Count(g.event(c, status))
	case c.Entry != nil && c.Verdict.Admitted():
		c.Entry.Count(g.event(c, status))
	}
}

func (g *Gate) event(c *Call, status int) usage.Event {
	return usage.Event{
		At: c.now, Endpoint: g.endpoint(&c.Match), Project: c.label,
		Denied: cmp.Or(c.WouldDeny, c.Verdict.Code), Observed: c.WouldDeny != "", Status: status, Cost: int64(c.cost()),
		Method: noted(c.method), Client: c.Client,
	}
}

// noted is a method as activity shows it: what is none was made up by the
// client.
func noted(method string) string {
	if policy.KnownMethod(method) {
		return method
	}
	return "other"
}

// Watch cuts an admitted call that goes on as a stream once its key may no
// longer do what it did. stop ends the watch.
func (g *Gate) Watch(c *Call, cut func()) (stop func()) {
	facts := verdict.Facts{ // the call itself is used again
		Site: g.site, Match: &policy.Match{Route: c.Match.Route, Shadows: c.Match.Shadows},
		Method: c.method, Client: c.Client, Project: c.project,
	}
	ctx := context.WithoutCancel(c.Request.Context())
	still := func(p *verdict.Principal, now time.Time) bool {
		again := facts
		again.Now = now
		code, _ := g.judgeKey(ctx, p, &again)
		return code == ""
	}
	return g.engine.Watch(c.Entry, keys.FingerprintOf(c.secret), still, cut)
}
