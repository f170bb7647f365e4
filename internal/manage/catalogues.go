package manage

import (
	"context"
	"maps"
	"slices"

	"github.com/keystile/keystile/internal/keys"
)

// PlanView is a plan of the configuration.
type PlanView struct {
	Name    string `json:"name"`
	MaxKeys *int   `json:"max_keys" doc:"null: no bound."`
	Default bool   `json:"default" doc:"Whether workspaces that name no plan have this one."`
}

// ScopeView is a scope of the configuration.
type ScopeView struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// ListPlans implements Service.
func (m *Manager) ListPlans(ctx context.Context, call Call) (Page[PlanView], error) {
	if _, err := m.enter(ctx, call, "plan.list"); err != nil {
		return Page[PlanView]{}, err
	}
	out := page[PlanView](nil)
	for _, name := range slices.Sorted(maps.Keys(m.catalogue.Plans)) {
		plan := PlanView{Name: name, Default: name == m.catalogue.DefaultPlan}
		if most := m.catalogue.Plans[name].MaxKeys; most > 0 {
			plan.MaxKeys = &most
		}
		out.Data = append(out.Data, plan)
	}
	return out, nil
}

// alwaysKnown are the scopes that mean something whatever the configuration
// lists.
var alwaysKnown = map[string]string{
	keys.ScopeAll:        "Everything: every scope, those that are added later included",
	keys.ScopeManageKeys: "Use the management API: make and change keys that hold no more, and end any",
}

// ListScopes implements Service. Where the configuration lists no scopes, any
// word is one, and only those are listed that are always known.
func (m *Manager) ListScopes(ctx context.Context, call Call) (Page[ScopeView], error) {
	if _, err := m.enter(ctx, call, "scope.list"); err != nil {
		return Page[ScopeView]{}, err
	}
	all := maps.Clone(alwaysKnown)
	maps.Copy(all, m.catalogue.Scopes)
	out := page[ScopeView](nil)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out.Data = append(out.Data, ScopeView{Name: name, Description: all[name]})
	}
	return out, nil
}
