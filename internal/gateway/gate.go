// Package gateway tells one request's story: its target, its credential, whose
// key that is, whether the key may, whether its limits grant it, and what is
// counted. It decides in memory; only a key that isn't there costs a read of
// the store.
package gateway

import (
	"fmt"
	"net/http"
	"time"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/usage"
)

// Limits are what one key may ask for in a time.
type Limits struct {
	// Default holds by environment; nil: no limit.
	Default map[keys.Environment]*limit.Limit
	// Plans take the place of Default where they name a limit.
	Plans map[string]map[keys.Environment]*limit.Limit
	// Quotas are each key's, by environment.
	Quotas map[keys.Environment][]quota.Quota
	// PlanQuotas are what all keys of a workspace share, by its plan.
	PlanQuotas map[string]map[keys.Environment][]quota.Quota
	// Known are the names of all plans. A workspace of another one has the
	// default plan, and a key of another one its workspace's; where there is
	// none, its calls are refused.
	Known map[string]bool
	// DefaultPlan is the plan of workspaces that name none.
	DefaultPlan string
}

// Config is what a gate is made of.
type Config struct {
	Engine *engine.Engine
	Format *keys.Format
	Site   *policy.Site
	// Sources are where the credential is read from; none: Authorization.
	Sources credential.Sources
	Limits  Limits
	// Observe decides and reports, but lets everything through.
	Observe bool
	// PassJWT lets JSON Web Tokens through on what no route lists, where the
	// site allows that.
	PassJWT bool
	// PassPreflight lets CORS preflights through without a key.
	PassPreflight bool
	// ForwardCredential leaves the credential on admitted requests.
	ForwardCredential bool
	Now               func() time.Time
	// Expand resolves placeholders of a request in a text.
	Expand func(r *http.Request, template string) string
	// RequestID is what a refused caller is told to name the request by; nil:
	// nothing.
	RequestID func(r *http.Request) string
}

// Gate decides about the requests of one site or route.
type Gate struct {
	engine    *engine.Engine
	format    *keys.Format
	site      *policy.Site
	limits    Limits
	sources   credential.Sources
	carrier   string // how a key is to be sent, in words
	jwt       bool   // passes where no route says otherwise
	observe   bool
	preflight bool // passes
	forward   bool // the credential
	now       func() time.Time
	expand    func(r *http.Request, template string) string
	requestID func(r *http.Request) string
	endpoints []usage.Label   // by Route.Index
	projects  []projectSource // by Route.Index
	place     usage.Label
}

// New compiles a gate.
func New(cfg Config) (*Gate, error) {
	g := &Gate{
		engine: cfg.Engine, format: cfg.Format, site: cfg.Site, limits: cfg.Limits, now: cfg.Now, expand: cfg.Expand, requestID: cfg.RequestID,
		sources: cfg.Sources, observe: cfg.Observe, preflight: cfg.PassPreflight, jwt: cfg.PassJWT, forward: cfg.ForwardCredential,
	}
	if len(g.sources) == 0 {
		g.sources = credential.Sources{{Kind: credential.Bearer}}
	}
	g.carrier = g.sources.Describe()
	for _, r := range cfg.Site.Table.Routes() {
		source, err := newProjectSource(r)
		if err != nil {
			return nil, fmt.Errorf("route %q: %w", r.Endpoint(), err)
		}
		g.projects = append(g.projects, source)
		g.endpoints = append(g.endpoints, usage.NewLabel(r.Endpoint()))
	}
	return g, nil
}

// Routes are the gate's, by Index.
func (g *Gate) Routes() []*policy.Route { return g.site.Table.Routes() }

// StandAt says where the gate stands: its routes' limits are its own, and not
// those of another gate with equal routes. It is called before the first Decide.
func (g *Gate) StandAt(place string) {
	g.place = usage.NewLabel(place)
	for _, r := range g.site.Table.Routes() {
		for _, l := range r.Limits {
			l.Gate = place
		}
	}
}

// Endpoint names what a call met, as usage counts it.
func (g *Gate) endpoint(m *policy.Match) usage.Label {
	if m.Route == nil {
		return usage.DefaultEndpoint
	}
	return g.endpoints[m.Route.Index]
}
