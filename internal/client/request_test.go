package client

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// anything is an answer that each call finds what it needs in.
const anything = `{"id":"key_1","name":"n","data":[],"next_cursor":null,"total":0,"receipt":{},"steps":[]}`

// calls are all of the service, and what they must be on the wire: the method,
// the path with its query, and the body.
var calls = map[string]struct {
	do   func(context.Context, manage.Service, manage.Call) error
	want string
}{
	"CreateKey": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.CreateKey(ctx, by, manage.NewKey{Name: "a key", Scopes: []string{"read"}, ExpiresIn: "90d"}))
	}, `POST /v1/keys {"name":"a key","scopes":["read"],"expires_in":"90d"}`},
	"ListKeys": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		_, err := s.ListKeys(ctx, by, manage.KeyQuery{
			Status: keys.Active, Environment: keys.Test, Project: "p", Owner: "o&o", Search: "a b", Limit: 7, Cursor: "c",
		})
		return err
	}, `GET /v1/keys?cursor=c&environment=test&limit=7&owner=o%26o&project=p&q=a+b&status=active `},
	"ShowKey": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ShowKey(ctx, by, "key_1"))
	}, `GET /v1/keys/key_1 `},
	"EditKey": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		edit := manage.KeyEdit{Name: manage.Stated("new"), ExpiresAt: manage.Field[string]{Set: true, Null: true}, AllowedIPs: manage.Stated([]string{})}
		return errorOf(s.EditKey(ctx, by, "key_1", edit))
	}, `PATCH /v1/keys/key_1 {"name":"new","expires_at":null,"allowed_ips":[]}`},
	"RevokeKey": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.RevokeKey(ctx, by, "key_1", manage.Revocation{Reason: "leaked", Wait: "5s"}))
	}, `POST /v1/keys/key_1/revoke {"reason":"leaked","wait":"5s"}`},
	"ReactivateKey": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ReactivateKey(ctx, by, "key_1"))
	}, `POST /v1/keys/key_1/reactivate `},
	"RotateKey": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.RotateKey(ctx, by, "key_1", manage.Rotation{Grace: "24h"}))
	}, `POST /v1/keys/key_1/rotate {"grace":"24h"}`},
	"DeleteKey": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return s.DeleteKey(ctx, by, "key/../1 ?#")
	}, `DELETE /v1/keys/key%2F..%2F1%20%3F%23 `},
	"KeyUsage": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.KeyUsage(ctx, by, "key_1", manage.UsageQuery{By: "time", From: "7d", To: "1h"}))
	}, `GET /v1/keys/key_1/usage?by=time&from=7d&to=1h `},
	"KeyActivity": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.KeyActivity(ctx, by, "key_1", manage.ActivityQuery{Limit: 3}))
	}, `GET /v1/keys/key_1/activity?limit=3 `},
	"ExplainRequest": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ExplainRequest(ctx, by, manage.Question{RequestID: "r-1", KeyID: "key_1", Gate: ":443", Method: "GET", Path: "/a", Client: "192.0.2.7"}))
	}, `POST /v1/explain {"request_id":"r-1","key_id":"key_1","gate":":443","method":"GET","path":"/a","client":"192.0.2.7"}`},
	"ListAudit": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ListAudit(ctx, by, manage.AuditQuery{KeyID: "key_1", Actor: "command:ann", Action: "key.edit", From: "7d", To: "1d", Limit: 5, Cursor: "c"}))
	}, `GET /v1/audit?action=key.edit&actor=command%3Aann&cursor=c&from=7d&key_id=key_1&limit=5&to=1d `},
	"CreateToken": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.CreateToken(ctx, by, manage.NewToken{Name: "ops", AllWorkspaces: true}))
	}, `POST /v1/tokens {"name":"ops","all_workspaces":true}`},
	"ListTokens": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ListTokens(ctx, by, manage.TokenQuery{AllWorkspaces: true}))
	}, `GET /v1/tokens?all_workspaces=true `},
	"DeleteToken": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return s.DeleteToken(ctx, by, "tok_1")
	}, `DELETE /v1/tokens/tok_1 `},
	"CreateWorkspace": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.CreateWorkspace(ctx, by, manage.NewWorkspace{Name: "acme", Plan: "free"}))
	}, `POST /v1/workspaces {"name":"acme","plan":"free"}`},
	"EditWorkspace": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.EditWorkspace(ctx, by, "acme", manage.WorkspaceEdit{Plan: manage.Stated("pro")}))
	}, `PATCH /v1/workspaces/acme {"plan":"pro"}`},
	"ListWorkspaces": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ListWorkspaces(ctx, by))
	}, `GET /v1/workspaces `},
	"CreateProject": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.CreateProject(ctx, by, manage.NewProject{Name: "apollo"}))
	}, `POST /v1/projects {"name":"apollo"}`},
	"ListProjects": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ListProjects(ctx, by))
	}, `GET /v1/projects `},
	"DeleteProject": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return s.DeleteProject(ctx, by, "apollo")
	}, `DELETE /v1/projects/apollo `},
	"CreateProfile": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.CreateProfile(ctx, by, manage.NewProfile{Name: "strict"}))
	}, `POST /v1/profiles {"name":"strict"}`},
	"ListProfiles": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ListProfiles(ctx, by))
	}, `GET /v1/profiles `},
	"DeleteProfile": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return s.DeleteProfile(ctx, by, "very strict")
	}, `DELETE /v1/profiles/very%20strict `},
	"ListPlans": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ListPlans(ctx, by))
	}, `GET /v1/plans `},
	"ListScopes": {func(ctx context.Context, s manage.Service, by manage.Call) error {
		return errorOf(s.ListScopes(ctx, by))
	}, `GET /v1/scopes `},
}

// errorOf drops what a call answers.
func errorOf[T any](_ T, err error) error { return err }

// answerAny answers as the API does where a call succeeds.
func answerAny(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	says(http.StatusOK, anything)(w, r)
}

func TestEachCallIsTheRequestOfTheAPI(t *testing.T) {
	t.Parallel()
	for name, row := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, answerAny)
			if err := row.do(t.Context(), at(t, s.URL), manage.Call{}); err != nil {
				t.Fatal(err)
			}
			r := s.seen[0]
			if got := r.Method + " " + r.RequestURI + " " + s.body[0]; got != row.want {
				t.Errorf("sent\n%s\nwant\n%s", got, row.want)
			}
			wantHeaders(t, r, s.body[0] != "")
		})
	}
}

func wantHeaders(t *testing.T, r *http.Request, hasBody bool) {
	t.Helper()
	if got := r.Header.Get("Authorization"); got != "Bearer "+token {
		t.Errorf("sent Authorization %q", got)
	}
	if got := r.UserAgent(); got != "keystile/test" {
		t.Errorf("sent User-Agent %q", got)
	}
	if got := r.Header.Get("Content-Type") == mediaJSON; got != hasBody {
		t.Errorf("sent Content-Type %q", r.Header.Get("Content-Type"))
	}
}

// Whoever adds a method to the service adds it to the table.
func TestTheTableOfCallsIsWhole(t *testing.T) {
	t.Parallel()
	if got, want := len(calls), methodCount[manage.Service](); got != want {
		t.Errorf("%d calls are tried, and the service has %d", got, want)
	}
}

func TestCallsAreAboutTheirWorkspace(t *testing.T) {
	t.Parallel()
	for name, row := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, answerAny)
			if err := row.do(t.Context(), at(t, s.URL+"/mounted/here/"), manage.Call{Workspace: "a\r\nb&c"}); err != nil {
				t.Fatal(err)
			}
			r := s.seen[0]
			if got := r.URL.Query()["workspace"]; len(got) != 1 || got[0] != "a\r\nb&c" {
				t.Errorf("asked about %q", got)
			}
			if !strings.HasPrefix(r.RequestURI, "/mounted/here/v1/") {
				t.Errorf("went to %s", r.RequestURI)
			}
		})
	}
}

func TestAnEditSaysWhichVersionItIsOf(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"7"`)
		answerAny(w, r)
	})
	c := at(t, s.URL)
	key, err := c.ShowKey(t.Context(), manage.Call{}, "key_1")
	if err != nil || key.ETag != `"7"` {
		t.Fatalf("shown %q, %v", key.ETag, err)
	}
	if _, err := c.EditKey(t.Context(), manage.Call{}, "key_1", manage.KeyEdit{IfMatch: manage.Stated(key.ETag)}); err != nil {
		t.Fatal(err)
	}
	if got := s.seen[1].Header.Get("If-Match"); got != `"7"` {
		t.Errorf("sent If-Match %q", got)
	}
}

func TestNamesThatNoPathHoldsAreNobodys(t *testing.T) {
	t.Parallel()
	s := serve(t, answerAny)
	c := at(t, s.URL)
	for _, id := range []string{"", ".", ".."} {
		wantOneLine(t, c.DeleteKey(t.Context(), manage.Call{}, keys.ID(id)), "There is no such key here.")
		wantOneLine(t, c.DeleteProfile(t.Context(), manage.Call{}, id), "There is no such profile here.")
	}
	if s.count() != 0 {
		t.Errorf("%d requests were sent", s.count())
	}
}
