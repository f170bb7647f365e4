package dashboard

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// Service is administration as the pages use it.
type Service interface {
	manage.Service
	FindKeys(ctx context.Context, call manage.Call, search manage.KeySearch) (manage.FoundKeys, error)
	ShowWorkspace(ctx context.Context, call manage.Call) (manage.WorkspaceUse, error)
	UsageOfWorkspace(ctx context.Context, call manage.Call, query manage.WorkspaceUsageQuery) (manage.WorkspaceUsage, error)
	LimitsOfKey(ctx context.Context, call manage.Call, id keys.ID) (manage.KeyLimits, error)
}

// Config is what the pages work with. Every part is needed, save for those of
// which it is said.
type Config struct {
	Service Service
	// Authenticate says who presents a credential from an address, as
	// manage.Manager.Authenticate does.
	Authenticate func(ctx context.Context, credential, address string) (manage.Actor, error)
	// Recheck says whether who signed in before may go on, as
	// manage.Manager.Recheck does.
	Recheck  func(ctx context.Context, actor manage.Actor) (manage.Actor, error)
	Sessions *Sessions

	// Rules are what of the configuration a form shows before it is sent.
	Rules Rules
	// Try is an address that a key may call; empty: there is none. nil: nobody
	// knows one.
	Try func(*http.Request, manage.KeyView) string

	// ClientAddress is the client's address.
	ClientAddress func(*http.Request) string
	// Secure reports whether the client speaks TLS.
	Secure func(*http.Request) bool
	// Asked is the path that the client asked for, before a handler stripped
	// off where the dashboard is mounted.
	Asked func(*http.Request) string
	// RequestID names a request in error pages and logs.
	RequestID func(*http.Request) string
	Now       func() time.Time
	// Log learns why a page could not be made, which the reader doesn't.
	Log *slog.Logger
}

// Rules are what of the configuration a form shows before it is sent.
type Rules struct {
	Prefixes       map[keys.Environment]string
	RequireProject bool
	NameOptional   bool
	Reversible     bool          // revoked keys can be reactivated
	AnyScope       bool          // there is no catalogue: any word is a scope
	RotationGrace  time.Duration // the most
}

// Dashboard serves the pages.
type Dashboard struct {
	Config
	mux       *http.ServeMux
	guard     *http.CrossOriginProtection
	templates map[string]*template.Template
	assets    map[string]*asset
}

// New parses the templates and returns the handler. Whoever mounts it
// elsewhere than at the root strips what stands before: all links are
// relative.
func New(c Config) (*Dashboard, error) {
	if c.Service == nil || c.Authenticate == nil || c.Recheck == nil || c.Sessions == nil || c.ClientAddress == nil ||
		c.Secure == nil || c.Asked == nil || c.RequestID == nil || c.Now == nil || c.Log == nil {
		return nil, errors.New("dashboard: a part of the configuration is missing")
	}
	if c.Try == nil {
		c.Try = func(*http.Request, manage.KeyView) string { return "" }
	}
	d := &Dashboard{Config: c, mux: http.NewServeMux(), guard: http.NewCrossOriginProtection()}
	var err error
	if d.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if d.templates, err = d.parse(); err != nil {
		return nil, err
	}
	for _, row := range routes {
		d.mux.HandleFunc(row.pattern, d.serve(row))
	}
	return d, nil
}

// ServeHTTP answers everything: what is none of the pages is a page that says
// so.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	if err := d.guard.Check(r); err != nil {
		d.newVisit(w, r).refuse(refusal(problem.NotPermitted, "This request came from another site, and was not carried out."))
		return
	}
	if asked := d.Asked(r); r.URL.Path == "/" && !strings.HasSuffix(asked, "/") { // relative links need the slash
		w.Header().Set("Location", "./"+asked[strings.LastIndexByte(asked, '/')+1:]+"/")
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	// The mux would redirect a path that isn't plain; here there is no such one.
	if at := r.URL.EscapedPath(); path.Clean(at) != at {
		d.newVisit(w, r).refuse(nothingHere())
		return
	}
	d.mux.ServeHTTP(w, r)
}

// serve runs one row of the routes.
func (d *Dashboard) serve(row route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := d.newVisit(w, r)
		if err := v.run(row); err != nil {
			v.refuse(err)
		}
	}
}

func refusal(code problem.Code, message string) error {
	return &manage.Error{Problem: problem.Problem{Code: code, Message: message}}
}

func nothingHere() error { return refusal(problem.NotFound, "There is no such page here.") }
