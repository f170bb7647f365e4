package caddymodule

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// verifier decides about keys for programs that have no proxy.
type verifier struct {
	app *App
	// bare decides where no path is asked about: any path with a valid key.
	bare  *gateway.Gate
	sites func() []standing
	// unsaid is what can't be known here of a decision; nil: all is.
	unsaid func(*gateway.Call) []string
}

func newVerifier(app *App) (*verifier, error) {
	bare, err := app.newGate(&Policy{}, resolve)
	return &verifier{app: app, bare: bare, sites: app.standings}, err
}

// decide implements what manage.Config asks for.
func (v *verifier) decide(ctx context.Context, workspace string, ask manage.Verification) (manage.Verified, error) {
	gate, err := v.gateFor(workspace, &ask)
	if err != nil {
		return manage.Verified{}, err
	}
	c, err := describeVerification(ctx, workspace, &ask)
	if err != nil {
		return manage.Verified{}, err
	}
	v.app.decide(gate, c)
	gate.Count(c, http.StatusOK) // what the caller then does with it, nobody tells
	countElsewhere(c.Outcome())
	return verified(gate, c), nil
}

// maxVerifyCost is more than any bucket holds in earnest.
const maxVerifyCost = 1_000_000

// describeVerification makes the call that the client's request would have been.
func describeVerification(ctx context.Context, workspace string, ask *manage.Verification) (*gateway.Call, error) {
	if ask.Key == "" {
		return nil, badVerification("key", "key is needed: the whole secret that the client presented.")
	}
	r, err := requestOf(ctx, ask)
	if err != nil {
		return nil, err
	}
	c := &gateway.Call{
		Request: r, Presented: &gateway.Presented{Secret: ask.Key, Workspace: workspace, Scopes: ask.Scopes},
	}
	if ask.Cost != nil {
		if *ask.Cost < 1 || *ask.Cost > maxVerifyCost {
			return nil, badVerification("cost", "cost must be 1 to 1000000.")
		}
		c.Presented.Cost = limit.Cost(*ask.Cost)
	}
	c.Client, err = clientAsked(ask.Client)
	return c, err
}

// clientAsked reads the client's address; empty: nobody knows it.
func clientAsked(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	client, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, badVerification("client", "client must be an IP address.")
	}
	return client, nil
}

func requestOf(ctx context.Context, ask *manage.Verification) (*http.Request, error) {
	target, err := url.ParseRequestURI(cmp.Or(ask.Path, "/"))
	if err != nil || !strings.HasPrefix(cmp.Or(ask.Path, "/"), "/") {
		return nil, badVerification("path", "path must be a path, as in the request's first line.")
	}
	r := &http.Request{
		Method: cmp.Or(ask.Method, http.MethodGet), URL: target, RequestURI: cmp.Or(ask.Path, "/"),
		Host: ask.Host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return r.WithContext(ctx), nil
}

func badVerification(param, message string) error {
	return &manage.Error{Problem: problem.Problem{Code: problem.InvalidRequest, Param: param, Message: message}}
}

// verified is what the caller is told of a decision.
func verified(gate *gateway.Gate, c *gateway.Call) manage.Verified {
	out := manage.Verified{Valid: c.Verdict.Admitted(), Code: c.Outcome(), Scopes: []string{}, RateLimit: []manage.VerifiedLimit{}}
	if !out.Valid {
		p := gate.Problem(c)
		out.Message, out.MissingScopes = p.Text(), p.MissingScopes
		if c.Verdict.RetryAfter > 0 {
			out.RetryAfter = p.RetryAfterSeconds()
		}
	}
	if c.Entry != nil {
		k := &c.Entry.Principal
		out.KeyID, out.Workspace, out.Environment = k.ID, k.Workspace, k.Environment
		out.Project, out.Profile, out.Owner = k.Project, k.Profile, k.Owner
		if out.Valid { // else it is only what was asked for
			out.Project = cmp.Or(c.Project(), k.Project)
		}
		out.Scopes = append(out.Scopes, k.Scopes...)
	}
	d := &c.Verdict.Limits
	for i := range d.Count {
		s := &d.States[i]
		out.RateLimit = append(out.RateLimit, manage.VerifiedLimit{
			Name: s.Limit.Name, Limit: s.Limit.Rate.Burst, Remaining: s.Remaining,
			Reset: now().Add(s.Reset + time.Second - 1).Unix(),
		})
	}
	return out
}
