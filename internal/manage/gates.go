package manage

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// GatesView is what gates demand, and what they were asked for beside it.
type GatesView struct {
	Gates []GateView `json:"gates" nullable:"false"`
	// Unlisted is what keys of ours called in the last day and no route lists;
	// empty for who may not enter every workspace.
	Unlisted []UnlistedView `json:"unlisted" nullable:"false" doc:"What keys called in the last day and no route lists, the most first; empty for a token of one workspace."`
}

// GateView is one gate and its table.
type GateView struct {
	Place        string      `json:"place" doc:"Addresses, hosts and paths that lead there."`
	Address      string      `json:"address" doc:"Where it is reached; empty where that can't be told."`
	Mode         string      `json:"mode" enum:"enforce,observe"`
	Default      string      `json:"default" enum:"deny,allow" doc:"What happens to requests that no route lists."`
	Workspace    string      `json:"workspace" doc:"Whose keys are taken; empty: of any."`
	Environments []string    `json:"environments" nullable:"false" doc:"Empty: of any."`
	Credentials  []string    `json:"credentials" nullable:"false" doc:"Where keys are read from."`
	Routes       []RouteView `json:"routes" nullable:"false"`
}

// Title is how people are told of a gate.
func (g *GateView) Title() string {
	if g.Address == "" {
		return g.Place
	}
	return g.Address + " (" + g.Place + ")"
}

// RouteView is one line of a table.
type RouteView struct {
	Methods      []string `json:"methods" nullable:"false"`
	Path         string   `json:"path"`
	Public       bool     `json:"public"`
	Scopes       []string `json:"scopes" nullable:"false" doc:"All of them are needed."`
	AnyOf        []string `json:"any_of" nullable:"false" doc:"One of them is needed."`
	Project      string   `json:"project" doc:"Where the path names it; empty: it doesn't."`
	Environments []string `json:"environments" nullable:"false" doc:"Empty: those of the gate."`
	Limits       []string `json:"limits" nullable:"false" doc:"Rates and quotas on top of the key's own."`
	Cost         int64    `json:"cost"`
	PathsLoose   bool     `json:"paths_loose"`
	JWT          string   `json:"jwt" enum:"reject,pass"`
}

// UnlistedView is what met no route.
type UnlistedView struct {
	Gate     string    `json:"gate" doc:"Its place."`
	Endpoint string    `json:"endpoint" doc:"Method and path; {} stands for a segment that may be an ID or a secret. (other): there were too many."`
	Outcome  string    `json:"outcome" doc:"allowed, or the code of the refusal."`
	Calls    int64     `json:"calls"`
	Last     time.Time `json:"last"`
}

// unlistedFor is how far back unlisted requests are told; whole hours are.
const unlistedFor = 24 * time.Hour

// ListGates implements Inspector.
func (m *Manager) ListGates(ctx context.Context, call Call) (GatesView, error) {
	d, err := m.govern(ctx, call, "gate.list")
	if err != nil {
		return GatesView{}, err
	}
	out := GatesView{Gates: []GateView{}, Unlisted: []UnlistedView{}}
	all := call.Actor.operates()
	for _, gate := range m.gates() {
		if all || gate.Workspace == "" || gate.Workspace == d.workspace {
			out.Gates = append(out.Gates, gate)
		}
	}
	err = m.look(ctx, d, "list gates", func(r storage.Reader, _ reach) error {
		if !all {
			return nil
		}
		cells, err := r.UsageCells(ctx, storage.UnlistedID, m.now().Add(-unlistedFor).Truncate(time.Hour), time.Time{})
		out.Unlisted = unlistedOf(cells)
		return err
	})
	return out, err
}
