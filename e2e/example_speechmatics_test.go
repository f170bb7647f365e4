package e2e

import (
	"net/http"
	"testing"
)

// transcriber is the example with two projects, and a key of the first.
func transcriber(t *testing.T) (e *example, made document) {
	t.Helper()
	e = setupExample(t, "speechmatics")
	e.operator.made("/v1/projects", document{"name": "podcast"})
	e.operator.made("/v1/projects", document{"name": "hotline"})
	return e, e.operator.made("/v1/keys", document{"name": "recorder", "project": "podcast"})
}

func TestSpeechmaticsAKeyBelongsToExactlyOneProject(t *testing.T) {
	t.Parallel()
	e, made := transcriber(t)
	if made.text("project") != "podcast" || made.text("kind") != "project" {
		t.Errorf("project %q, kind %q", made.text("project"), made.text("kind"))
	}
	e.operator.wants(422, "invalid_request", http.MethodPost, "/v1/keys", document{"name": "of no project"})
	e.operator.wants(422, "invalid_request", http.MethodPost, "/v1/keys", document{"name": "of an unknown one", "project": "nobody's"})
	e.operator.wants(422, "immutable_field", http.MethodPatch, "/v1/keys/"+made.text("id"), document{"project": "hotline"})
}

func TestSpeechmaticsAKeyReachesOnlyItsProjectsTranscripts(t *testing.T) {
	t.Parallel()
	e, made := transcriber(t)
	for _, c := range []struct{ method, target string }{
		{"GET", "/v1/projects/podcast/transcripts"}, {"POST", "/v1/projects/podcast/transcripts"},
		{"GET", "/v1/projects/podcast/transcripts/t1"}, {"DELETE", "/v1/projects/podcast/transcripts/t1"},
	} {
		e.calls(c.method, c.target, made.text("secret"), 200, "")
	}
	e.upstream.seen()
	e.calls("GET", "/v1/projects/hotline/transcripts", made.text("secret"), 403, "project_mismatch")
	e.calls("DELETE", "/v1/projects/hotline/transcripts/t1", made.text("secret"), 403, "project_mismatch")
	e.calls("GET", "/v1/projects/PODCAST/transcripts", made.text("secret"), 403, "project_mismatch")
	e.upstream.untouched(t)
}

func TestSpeechmaticsTokensAreWorkspaceWide(t *testing.T) {
	t.Parallel()
	e, made := transcriber(t)
	token := e.principal(e.operator.made("/v1/tokens", document{"name": "console"}).text("secret"))
	other := token.made("/v1/keys", document{"name": "second", "project": "hotline"})
	_, list := token.do(http.MethodGet, "/v1/keys", nil)
	if rows := list.rows(); len(rows) != 2 || rows[0].text("id") != other.text("id") || rows[1].text("id") != made.text("id") {
		t.Errorf("a token of the workspace lists %v", list)
	}
	e.operator.made("/v1/workspaces", document{"name": "rivals"})
	token.wants(403, "workspace_mismatch", http.MethodGet, "/v1/keys?workspace=rivals", nil)
}

func TestSpeechmaticsTokensAreNoKeysAndKeysNoTokens(t *testing.T) {
	t.Parallel()
	e, made := transcriber(t)
	e.calls("GET", "/v1/projects/podcast/transcripts", e.operator.secret, 401, "malformed_key")
	e.principal(made.text("secret")).wants(403, "insufficient_scope", http.MethodGet, "/v1/keys", nil)
	e.upstream.untouched(t)
}

func TestSpeechmaticsKeysAreManagedByTheAPI(t *testing.T) {
	t.Parallel()
	e, made := transcriber(t)
	e.operator.wants(200, "", http.MethodGet, "/v1/keys/"+made.text("id"), nil)
	_, list := e.operator.do(http.MethodGet, "/v1/keys?project=podcast", nil)
	if rows := list.rows(); len(rows) != 1 || rows[0].text("name") != "recorder" {
		t.Errorf("listed: %v", list)
	}
	if e.operator.wants(200, "", http.MethodPost, "/v1/keys/"+made.text("id")+"/revoke", nil).text("status") != "revoked" {
		t.Error("the answer to a revocation doesn't say revoked")
	}
}

func TestSpeechmaticsASecretIsShownOnce(t *testing.T) {
	t.Parallel()
	e, made := transcriber(t)
	for _, path := range []string{"/v1/keys", "/v1/keys/" + made.text("id"), "/v1/audit"} {
		_, got := e.operator.do(http.MethodGet, path, nil)
		for _, row := range append(got.rows(), got) {
			if row["secret"] != nil {
				t.Errorf("GET %s shows a secret", path)
			}
		}
	}
	if made.text("secret") == "" {
		t.Error("not even the answer to the create shows it")
	}
}

func TestSpeechmaticsARevocationIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	e, made := transcriber(t)
	e.calls("GET", "/v1/projects/podcast/transcripts", made.text("secret"), 200, "")
	e.operator.wants(200, "", http.MethodPost, "/v1/keys/"+made.text("id")+"/revoke", nil)
	e.calls("GET", "/v1/projects/podcast/transcripts", made.text("secret"), 401, "revoked_key")
}
