package cli

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keystile/keystile/internal/api"
	"github.com/keystile/keystile/internal/manage"
)

// serve puts the real API in front of the fixture's store. It returns its
// address, and an operator's token by the name of who runs the commands.
func (f *fixture) serve(t *testing.T) (address, token string) {
	t.Helper()
	handler, err := api.New(api.Config{
		Service: f.manager, Inspect: f.manager, Authenticate: f.manager.Authenticate, Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
		RequestID:     func(*http.Request) string { return "request-1" },
		ClientAddress: func(*http.Request) string { return "192.0.2.7" },
		Mount:         func(*http.Request) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL, f.operator(t)
}

// operator makes an operator's token.
func (f *fixture) operator(t *testing.T) string {
	t.Helper()
	by := manage.Call{Actor: manage.CommandActor("ann")}
	made, err := f.manager.CreateToken(t.Context(), by, manage.NewToken{Name: "ann", AllWorkspaces: true})
	if err != nil {
		t.Fatal(err)
	}
	return made.Secret.Reveal()
}
