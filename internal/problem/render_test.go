package problem_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/problem"
)

const docs = "https://github.com/keystile/keystile/blob/main/docs/errors.md#"

func lackingScope() problem.Problem {
	return problem.Problem{
		Code: problem.InsufficientScope, RequestID: "r-1", Route: "POST /v1/projects",
		RequiredScopes: []string{"write:projects"}, MissingScopes: []string{"write:projects"},
	}
}

func TestBodyIsTheDocumentedOneByteForByte(t *testing.T) {
	t.Parallel()
	scope := lackingScope()
	for _, tt := range []struct {
		of   problem.Problem
		want string
	}{
		{scope, `{"error":{"type":"permission_error","code":"insufficient_scope","message":"This key may not call POST /v1/projects: it lacks write:projects.","required_scopes":["write:projects"],"missing_scopes":["write:projects"],"request_id":"r-1","doc_url":"` + docs + `insufficient_scope"}}`},
		{problem.Problem{Code: problem.UnknownKey, RequestID: "r-2"}, `{"error":{"type":"authentication_error","code":"unknown_key","message":"This API key does not exist here. It may have been deleted, or it belongs to another installation of this service.","request_id":"r-2","doc_url":"` + docs + `unknown_key"}}`},
		{problem.Problem{Code: problem.ImmutableField, Param: "kind"}, `{"error":{"type":"invalid_request_error","code":"immutable_field","message":"kind of a key can't be changed.","param":"kind","doc_url":"` + docs + `immutable_field"}}`},
		{problem.Problem{Code: problem.InsufficientScope, AnyOfScopes: []string{"a", "b"}}, `{"error":{"type":"permission_error","code":"insufficient_scope","message":"This key may not do this: it lacks one of a, b.","any_of_scopes":["a","b"],"doc_url":"` + docs + `insufficient_scope"}}`},
	} {
		if diff := cmp.Diff(tt.want+"\n", string(tt.of.JSON())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.of.Code, diff)
		}
	}
}

func TestProblemDetailsAreRFC9457WithTheOtherMembersKept(t *testing.T) {
	t.Parallel()
	scope := lackingScope()
	const want = `{"type":"` + docs + `insufficient_scope","title":"Missing scope","status":403,"detail":"This key may not call POST /v1/projects: it lacks write:projects.","error_type":"permission_error","code":"insufficient_scope","required_scopes":["write:projects"],"missing_scopes":["write:projects"],"request_id":"r-1","doc_url":"` + docs + `insufficient_scope"}` + "\n"
	if diff := cmp.Diff(want, string(scope.Details())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBothRenderingsOfEveryCodeSayTheSame(t *testing.T) {
	t.Parallel()
	for _, row := range problem.All() {
		p := problem.Problem{Code: row.Code, RequestID: "r-1"}
		var body struct{ Error map[string]any }
		var details map[string]any
		decode(t, p.JSON(), &body)
		decode(t, p.Details(), &details)
		for ours, theirs := range map[string]string{"type": "error_type", "code": "code", "message": "detail", "request_id": "request_id", "doc_url": "doc_url"} {
			if body.Error[ours] == nil || body.Error[ours] != details[theirs] {
				t.Errorf("%s: %s is %v, and %s is %v", row.Code, ours, body.Error[ours], theirs, details[theirs])
			}
		}
		if details["status"] != float64(row.Status) || details["title"] != row.Title || details["type"] != docs+string(row.Code) {
			t.Errorf("%s: %v", row.Code, details)
		}
		if len(body.Error) != 5 || len(details) != 8 {
			t.Errorf("%s has members that it knows nothing for: %v, %v", row.Code, body.Error, details)
		}
	}
}

func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}

func TestCodeWithoutARowIsAnsweredAsInternalError(t *testing.T) {
	t.Parallel()
	want := problem.Problem{Code: problem.InternalError}
	for _, code := range []problem.Code{"", "no_such_code"} {
		got := problem.Problem{Code: code}
		if !slices.Equal(got.JSON(), want.JSON()) || !slices.Equal(got.Details(), want.Details()) {
			t.Errorf("%q is answered as %s", code, got.JSON())
		}
	}
}
