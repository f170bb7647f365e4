package manage

import "context"

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
	panic("awaited")
}

// ListScopes implements Service.
func (m *Manager) ListScopes(ctx context.Context, call Call) (Page[ScopeView], error) {
	panic("awaited")
}
