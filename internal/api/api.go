package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/keystile/keystile/internal/manage"
)

// Config is what the API works with. Every part but Verify and
// Inspect is needed.
type Config struct {
	Service manage.Service
	// Authenticate says who presents a credential from an address, as
	// manage.Manager.Authenticate does.
	Authenticate func(ctx context.Context, credential, address string) (manage.Actor, error)
	// Verify decides about a key as a gate would, as manage.Manager.VerifyKey
	// does. Nil: the call isn't served.
	Verify func(ctx context.Context, call manage.Call, ask manage.Verification) (manage.Verified, error)
	// Inspect answers operators. nil: there are no such calls.
	Inspect manage.Inspector
	// RequestID names a request in answers and logs.
	RequestID func(*http.Request) string
	// ClientAddress is the client's address: keys may be bound to some, and the
	// audit trail names it.
	ClientAddress func(*http.Request) string
	// Mount is the path that stood before /v1/ where the client sent its
	// request, escaped and without a slash at its end; empty at the root.
	Mount func(*http.Request) string
	// Version is that of this build, for the OpenAPI document.
	Version string
	// Log learns why a call could not be answered, which the caller doesn't.
	Log *slog.Logger
}

func (c Config) validate() error {
	if c.Service == nil || c.Authenticate == nil || c.RequestID == nil || c.ClientAddress == nil || c.Mount == nil || c.Log == nil {
		return errors.New("api: a part of the configuration is missing")
	}
	return nil
}

// New returns the handler of /v1/ and below. Whoever mounts it elsewhere
// strips what stands before.
func New(c Config) (http.Handler, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	rows := c.routes()
	document, err := openAPI(rows, c.Version)
	if err != nil {
		return nil, err
	}
	h := &handler{Config: c, mux: http.NewServeMux()}
	h.mux.HandleFunc("/", h.nothing)
	for path, methods := range byPath(append(rows, documentRoute(document))) {
		h.mux.Handle(path, &endpoint{handler: h, methods: methods})
	}
	return h, nil
}

// byPath maps paths to their methods. GET answers HEAD too.
func byPath(rows []route) map[string]map[string]*route {
	paths := map[string]map[string]*route{}
	for i := range rows {
		row := &rows[i]
		if paths[row.path] == nil {
			paths[row.path] = map[string]*route{}
		}
		paths[row.path][row.method] = row
		if row.method == http.MethodGet {
			paths[row.path][http.MethodHead] = row
		}
	}
	return paths
}
