package caddymodule

import (
	"encoding/json"
	"net/http"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/engine"
)

func init() { caddy.RegisterModule(HealthAPI{}) }

// Paths of what orchestrators and load balancers ask, where keystile_admin is
// mounted and, behind adminMount, at Caddy's admin endpoint. They need no
// token, and tell nothing but this.
const (
	livePath   = "/healthz"
	readyPath  = "/readyz"
	adminMount = "/keystile"
)

// HealthAPI answers at Caddy's admin endpoint whether this process lives, and
// whether its gates decide as they are configured. It holds no app: it outlives
// configurations.
type HealthAPI struct{}

// CaddyModule implements caddy.Module.
func (HealthAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.keystile", New: func() caddy.Module { return new(HealthAPI) }}
}

// Routes implements caddy.AdminRouter.
func (HealthAPI) Routes() []caddy.AdminRoute {
	serve := caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		answerHealth(w, r, r.URL.Path == adminMount+readyPath, readinessOfAll())
		return nil
	})
	return []caddy.AdminRoute{{Pattern: adminMount + livePath, Handler: serve}, {Pattern: adminMount + readyPath, Handler: serve}}
}

// readinessOfAll is that of the engine that is worst off; of none, nothing is
// ready.
func readinessOfAll() engine.Readiness {
	worst, found := engine.Readiness{Store: engine.PartStarting, Limiter: engine.PartOK}, false
	engines.Range(func(_, value any) bool {
		if one := value.(*pooled).Readiness(); !found || !one.Ready {
			worst, found = one, true
		}
		return true
	})
	return worst
}

// answersHealth answers what it is asked where keystile_admin is mounted; false:
// it is asked something else.
func answersHealth(w http.ResponseWriter, r *http.Request, of func() engine.Readiness) bool {
	if r.URL.Path != livePath && r.URL.Path != readyPath {
		return false
	}
	answerHealth(w, r, r.URL.Path == readyPath, of())
	return true
}

// answerHealth writes {"live":true} or the readiness.
func answerHealth(w http.ResponseWriter, r *http.Request, readiness bool, of engine.Readiness) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	var said any = struct {
		Live bool `json:"live"`
	}{true}
	if readiness {
		said = of
		if !of.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	_ = json.NewEncoder(w).Encode(said) // who asked may be gone
}

// Interface guards.
var _ caddy.AdminRouter = HealthAPI{}
