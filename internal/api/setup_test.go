package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/api"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// start is when every test begins.
var start = time.Date(2026, 11, 22, 12, 30, 15, 0, time.UTC)

// fixture is the API on a database of its own.
type fixture struct {
	http.Handler
	store    storage.Store
	manager  *manage.Manager
	command  manage.Call
	token    string // of the default workspace
	operator string
	mount    string
	now      time.Time
	log      *bytes.Buffer
	verify   func(context.Context, manage.Call, manage.Verification) (manage.Verified, error)
	inspect  manage.Inspector
}

func setup(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{command: manage.Call{Actor: manage.CommandActor("ann")}, now: start, log: newLog()}
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "keys.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.store = store
	f.manager, err = manage.New(manage.Config{
		Store: store, Format: format, Now: func() time.Time { return f.now },
		Catalogue: manage.Catalogue{
			Scopes: map[string]string{"read": "Read", "write": "Write"},
			Plans:  map[string]manage.Plan{"free": {MaxKeys: 3}, "big": {}}, DefaultPlan: "big",
		},
		Decide: allowAnything, Explain: lacksWrite,
		Gates: func() []manage.GateView {
			return []manage.GateView{{
				Place: ":443 api.example.com", Mode: "enforce", Default: "deny", Environments: []string{"live"}, Credentials: []string{"bearer"},
				Routes: []manage.RouteView{{
					Methods: []string{"GET"}, Path: "/v1/projects", Scopes: []string{"read"}, AnyOf: []string{}, Environments: []string{},
					Limits: []string{"live 10/s burst 20"}, Cost: 1, JWT: "reject",
				}},
			}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.verify, f.inspect = f.manager.VerifyKey, f.manager
	f.token, f.operator = f.newToken(t, "", false, ""), f.newToken(t, "", true, "")
	f.serve(t, f.manager, f.manager.Authenticate)
	return f
}

func newLog() *bytes.Buffer { return new(bytes.Buffer) }

// serve makes the API.
func (f *fixture) serve(t testing.TB, service manage.Service, authenticate func(context.Context, string, string) (manage.Actor, error)) {
	t.Helper()
	var requests atomic.Int64
	var err error
	f.Handler, err = api.New(api.Config{
		Service: service, Authenticate: authenticate, Version: "1.2.3",
		RequestID:     func(*http.Request) string { return fmt.Sprint("request-", requests.Add(1)) },
		ClientAddress: func(r *http.Request) string { return strings.TrimSuffix(r.RemoteAddr, ":1234") },
		Mount:         func(*http.Request) string { return f.mount },
		Verify:        f.verify,
		Inspect:       f.inspect,
		Log:           slog.New(slog.NewTextHandler(f.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// allowAnything is a gate that allows what it is asked for.
func allowAnything(_ context.Context, workspace string, ask manage.Verification) (manage.Verified, error) {
	return manage.Verified{
		Valid: true, Code: "allowed", KeyID: "key_0a1b2c3d4e5f6g7h8i9j0k", Workspace: workspace, Environment: keys.Live,
		Scopes: append([]string{}, ask.Scopes...), Owner: "ann",
		RateLimit: []manage.VerifiedLimit{{Name: "live", Limit: 100, Remaining: 99, Reset: start.Unix() + 1}},
	}, nil
}

// lacksWrite is a gate that needs another scope than any key has.
func lacksWrite(_ context.Context, _ string, _ manage.Question, then *storage.Denial) (manage.Explained, error) {
	var recorded *manage.RecordedDenial
	if then != nil {
		recorded = &manage.RecordedDenial{RequestID: then.RequestID, Time: then.At, Outcome: then.Code, Steps: []manage.ExplainedStep{}}
	}
	return manage.Explained{
		Notes: []string{}, Recorded: recorded,
		Outcome: "insufficient_scope", Message: "This key may not call POST /v1/projects: it lacks write.", KeyID: "key_0a1b2c3d4e5f6g7h8i9j0k",
		Steps: []manage.ExplainedStep{
			{Step: "target", Passed: true, Detail: "one reading"},
			{Step: "route", Passed: true, Detail: "POST /v1/projects"},
			{Step: "scopes", Code: "insufficient_scope", Detail: "lacks write"},
		},
	}, nil
}

// newToken makes a token of a workspace, of all of them for an operator, for
// so long or for ever.
func (f *fixture) newToken(t testing.TB, workspace string, operator bool, expiresIn string) string {
	t.Helper()
	call := f.command
	call.Workspace = workspace
	made, err := f.manager.CreateToken(t.Context(), call, manage.NewToken{Name: "a token", AllWorkspaces: operator, ExpiresIn: expiresIn})
	if err != nil {
		t.Fatal(err)
	}
	return made.Secret.Reveal()
}

// workspace makes a workspace and a token of it.
func (f *fixture) workspace(t *testing.T, name string) (token string) {
	t.Helper()
	if _, err := f.manager.CreateWorkspace(t.Context(), f.command, manage.NewWorkspace{Name: name}); err != nil {
		t.Fatal(err)
	}
	return f.newToken(t, name, false, "")
}

// response is an answer that has been read.
type response struct {
	*http.Response
	text string
	doc  map[string]any // of a JSON object
	err  map[string]any // its error member
}

// do sends a request with the default workspace's token. Each header is
// "Name: value"; an Authorization of its own takes the token's place.
func (f *fixture) do(t *testing.T, method, target, body string, headers ...string) response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.token)
	for _, header := range headers {
		if strings.HasPrefix(header, "Authorization: ") {
			r.Header.Del("Authorization")
		}
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	got, err := readResponse(w.Result())
	if err != nil {
		t.Fatal(err)
	}
	wantAsDocumented(t, r, got)
	return got
}

func readResponse(from *http.Response) (response, error) {
	defer from.Body.Close()
	text, err := io.ReadAll(from.Body)
	got := response{Response: from, text: string(text)}
	_ = json.Unmarshal(text, &got.doc) // lists and empty bodies have no members
	got.err, _ = got.doc["error"].(map[string]any)
	return got, err
}

func as(token string) string { return "Authorization: Bearer " + token }

// wantRefusal checks status, code and field of a refusal, and its form.
func wantRefusal(t *testing.T, got response, status int, code, param string) {
	t.Helper()
	field, _ := got.err["param"].(string)
	if got.StatusCode != status || got.err["code"] != code || field != param {
		t.Errorf("%d %s, want %d %s with param %q", got.StatusCode, got.text, status, code, param)
	}
	if got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("refused with the headers %v", got.Header)
	}
	if id, _ := got.err["request_id"].(string); !strings.HasPrefix(id, "request-") {
		t.Errorf("refused without a request ID: %s", got.text)
	}
	if message, _ := got.err["message"].(string); message == "" || got.err["doc_url"] == nil || got.err["type"] == nil {
		t.Errorf("refused without a word: %s", got.text)
	}
}

// create makes a key and returns its document.
func (f *fixture) create(t *testing.T, body string, headers ...string) map[string]any {
	t.Helper()
	got := f.do(t, "POST", "/v1/keys", body, headers...)
	if got.StatusCode != http.StatusCreated {
		t.Fatalf("create %s: %d %s", body, got.StatusCode, got.text)
	}
	return got.doc
}

// rows counts the keys that a token sees.
func (f *fixture) rows(t *testing.T, headers ...string) int {
	t.Helper()
	data, _ := f.do(t, "GET", "/v1/keys", "", headers...).doc["data"].([]any)
	return len(data)
}
