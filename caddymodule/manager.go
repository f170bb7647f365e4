package caddymodule

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

// attached are the parts of a manager that only a running gateway has; commands
// know of gates what their configuration says.
type attached struct {
	catchUp func(context.Context)
	decide  func(context.Context, string, manage.Verification) (manage.Verified, error)
	explain func(context.Context, string, manage.Question, *storage.Denial) (manage.Explained, error)
	closing <-chan struct{} // closed once the server ends
	gates   func() []manage.GateView
	bounds  func(context.Context, manage.BoundsOf) manage.Bounds
}

// manager makes the administration of an app's store.
func (a *App) manager(store storage.Store, to attached) (*manage.Manager, error) {
	catalogue := manage.Catalogue{
		Scopes: map[string]string{}, Aliases: a.Config.aliases(), Plans: map[string]manage.Plan{}, DefaultPlan: a.DefaultPlan,
	}
	for _, s := range a.Scopes {
		catalogue.Scopes[s.Name] = s.Description
	}
	for _, alias := range a.ScopeAliases { // keys that were made under the old name carry it
		if _, listed := catalogue.Scopes[alias.Old]; !listed && len(a.Scopes) > 0 {
			catalogue.Scopes[alias.Old] = "Old name of " + alias.New
		}
	}
	for name, plan := range a.Plans {
		bound := manage.Plan{}
		if plan.MaxKeys != nil {
			bound.MaxKeys = *plan.MaxKeys
		}
		catalogue.Plans[name] = bound
	}
	return manage.New(manage.Config{
		Store: store, Format: a.parts.format, Hasher: a.parts.hasher, Catalogue: catalogue,
		RequireProject: a.RequireProject, NameOptional: a.NameOptional,
		Reversible: a.Revocation == reversible, RotationGrace: time.Duration(a.RotationGrace), Now: now,
		CatchUp: to.catchUp, Decide: to.decide, Explain: to.explain, Gates: to.gates, Closing: to.closing, Bounds: to.bounds, Log: a.log,
	})
}
