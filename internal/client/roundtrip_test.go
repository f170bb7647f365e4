package client

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/api"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// over is a client of the real API, which asks a service.
func over(t *testing.T, service manage.Service) *Client {
	t.Helper()
	handler, err := api.New(api.Config{
		Service: service, Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
		Authenticate: func(_ context.Context, credential, _ string) (manage.Actor, error) {
			if credential != token {
				t.Errorf("the API got %d characters as a token", len(credential))
			}
			return manage.Actor{Kind: manage.ActorOperator}, nil
		},
		RequestID:     func(*http.Request) string { return "request-1" },
		ClientAddress: func(*http.Request) string { return "192.0.2.7" },
		Mount:         func(*http.Request) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return at(t, s.URL)
}

func TestEachCallArrivesAsItLeft(t *testing.T) {
	t.Parallel()
	for name, row := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := &recorder{}, &recorder{}
			by := manage.Call{Workspace: "acme"}
			if err := row.do(t.Context(), here, by); err != nil {
				t.Fatal(err)
			}
			if err := row.do(t.Context(), over(t, there), by); err != nil && !strings.Contains(err.Error(), "keystile_admin") {
				t.Fatal(err) // an answer with nothing in it is rightly none of the API's
			}
			if diff := cmp.Diff(here.args, there.args); diff != "" {
				t.Errorf("(-asked +arrived):\n%s", diff)
			}
			if got := there.calls[0].Workspace; got != "acme" {
				t.Errorf("arrived for workspace %q", got)
			}
			creates := strings.HasPrefix(name, "Create") || name == "RotateKey"
			if once := there.calls[0].IdempotencyKey != ""; once && !creates {
				t.Error("arrived with an idempotency key")
			}
		})
	}
}

func TestEachRefusalComesBackAsItWas(t *testing.T) {
	t.Parallel()
	for _, code := range problem.All() {
		if code.Parts&problem.Management == 0 || code.Status >= 500 { // the API hides why it failed
			continue
		}
		t.Run(string(code.Code), func(t *testing.T) {
			t.Parallel()
			said := problem.Problem{Code: code.Code, Param: "name", Message: "It can't be.", MissingScopes: []string{"write"}}
			service := &recorder{err: &manage.Error{Problem: said}}
			c := over(t, service)
			for name, row := range calls {
				err := row.do(t.Context(), c, manage.Call{})
				got, ok := errors.AsType[*manage.Error](err)
				if !ok {
					t.Fatalf("%s: got %v", name, err)
				}
				want := said
				want.RequestID = "request-1"
				if diff := cmp.Diff(want, got.Problem); diff != "" || err.Error() != said.Message {
					t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
				}
			}
		})
	}
}
