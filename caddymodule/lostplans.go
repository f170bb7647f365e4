package caddymodule

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// catalogueTimeout bounds how long a start waits to be told the workspaces'
// plans.
const catalogueTimeout = 2 * time.Second

// warnOfLostPlans says which plans workspaces have that this configuration
// doesn't list: they were renamed or dropped, and their limits don't hold.
func (a *App) warnOfLostPlans() {
	ctx, cancel := context.WithTimeout(context.Background(), catalogueTimeout)
	defer cancel()
	read, err := a.engine.Store().Catalogue(ctx)
	if err != nil {
		a.log.Warn("whether workspaces have plans that are not configured can't be told", "error", err)
		return
	}
	lost := a.lostPlans(read.Workspaces)
	for _, plan := range slices.Sorted(maps.Keys(lost)) {
		if a.DefaultPlan != "" {
			a.log.Warn("workspaces have a plan that is not configured: the default plan holds in its place",
				"plan", plan, "workspaces", lost[plan], "default_plan", a.DefaultPlan)
			continue
		}
		a.log.Warn("workspaces have a plan that is not configured, and there is no default_plan: calls with their keys are refused until `keystile workspaces edit` gives them another",
			"plan", plan, "workspaces", lost[plan])
	}
}

// lostPlans counts workspaces by the plan that they have and nobody knows.
func (a *App) lostPlans(workspaces []storage.Workspace) map[string]int {
	lost := map[string]int{}
	for _, w := range workspaces {
		if _, known := a.Plans[w.Plan]; w.Plan != "" && !known {
			lost[w.Plan]++
		}
	}
	return lost
}
