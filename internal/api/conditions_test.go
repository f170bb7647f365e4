package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func TestAKeyIsTagged(t *testing.T) {
	t.Parallel()
	f, _ := setupFake(t)
	for request, want := range map[string]string{
		"GET /v1/keys/key_a": `"one"`, "PATCH /v1/keys/key_a {}": `"one"`, `POST /v1/keys {"name":"x"}`: `"new"`, "POST /v1/keys/key_a/rotate": `"new"`,
		"GET /v1/keys": "", "GET /v1/keys/key_a/usage": "", "DELETE /v1/keys/key_a": "",
	} {
		parts := append(strings.SplitN(request, " ", 3), "")
		if got := f.do(t, parts[0], parts[1], parts[2]); got.Header.Get("ETag") != want || got.StatusCode > 299 {
			t.Errorf("%s: %d, tagged %q, want %q", request, got.StatusCode, got.Header.Get("ETag"), want)
		}
	}
}

func TestAnEditHandsItsIfMatchOn(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for want, headers := range map[string][]string{
		`"one"`:             {`If-Match: "one"`},
		`*`:                 {`If-Match: *`},
		`"a", "b,c", W/"d"`: {`If-Match: "a", "b,c"`, `If-Match: W/"d"`},
		`no tag at all`:     {`If-Match: no tag at all`},
		``:                  {`If-Match: `},
		`, `:                {`If-Match: `, `If-Match: `},
	} {
		got := f.do(t, "PATCH", "/v1/keys/key_a", `{}`, headers...)
		if got.StatusCode != http.StatusOK || !strings.HasSuffix(service.last(), "IfMatch:{Set:true Null:false Value:"+want+"}}]") {
			t.Errorf("%q: %d, and the service was asked for %s", headers, got.StatusCode, service.last())
		}
	}
	if f.do(t, "PATCH", "/v1/keys/key_a", `{}`); !strings.HasSuffix(service.last(), "IfMatch:{Set:false Null:false Value:}}]") {
		t.Errorf("without one, the service was asked for %s", service.last())
	}
	service.err = &manage.Error{Problem: problem.Problem{Code: problem.PreconditionFailed}}
	got := f.do(t, "PATCH", "/v1/keys/key_a", `{}`, `If-Match: "old"`)
	wantRefusal(t, got, 412, "precondition_failed", "")
	if got.Header.Get("ETag") != "" {
		t.Errorf("a refusal is tagged %s", got.Header.Get("ETag"))
	}
}

func TestTheTagCannotBeSentInABody(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	wantRefusal(t, f.do(t, "PATCH", "/v1/keys/key_a", `{"-":"x"}`), 422, "invalid_request", "")
	wantRefusal(t, f.do(t, "PATCH", "/v1/keys/key_a", `{"IfMatch":"x"}`), 422, "invalid_request", "")
	if len(service.calls) > 0 {
		t.Errorf("the service was asked for %q", service.calls)
	}
}

// RFC 9110 section 13.1.1: a list without an entity tag matches none.
func TestABlankIfMatchIsAConditionThatNothingMeets(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id, _ := f.create(t, `{"name":"good"}`)["id"].(string)
	for _, headers := range [][]string{{"If-Match: "}, {"If-Match: ", "If-Match: "}, {"If-Match: ,"}} {
		wantRefusal(t, f.do(t, "PATCH", "/v1/keys/"+id, `{"name":"changed"}`, headers...), 412, "precondition_failed", "")
	}
	if got := f.do(t, "GET", "/v1/keys/"+id, ""); got.doc["name"] != "good" {
		t.Errorf("the key is now %s", got.text)
	}
}

// A condition that nobody looks at would not hold.
func TestIfMatchIsRefusedWhereItIsNotLookedAt(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for _, request := range []string{
		"DELETE /v1/keys/key_a", "POST /v1/keys/key_a/revoke", "POST /v1/keys/key_a/rotate", "POST /v1/keys/key_a/reactivate", "PATCH /v1/workspaces/w {}",
	} {
		parts := append(strings.SplitN(request, " ", 3), "")
		wantRefusal(t, f.do(t, parts[0], parts[1], parts[2], `If-Match: "one"`), 422, "invalid_request", "If-Match")
	}
	if len(service.calls) > 0 {
		t.Errorf("the service was asked for %q", service.calls)
	}
	if got := f.do(t, "GET", "/v1/keys/key_a", "", `If-Match: "other"`); got.StatusCode != http.StatusOK {
		t.Errorf("a read: %d", got.StatusCode)
	}
}

func TestAClientThatHasTheKeyIsToldSo(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for header, want := range map[string]int{
		`If-None-Match: "one"`: 304, `If-None-Match: W/"one"`: 304, `If-None-Match: *`: 304, `If-None-Match: "zero" , "one"`: 304,
		`If-None-Match: "zero"`: 200, `If-None-Match: one`: 200, `If-None-Match: `: 200,
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := f.do(t, method, "/v1/keys/key_a", "", header)
			if got.StatusCode != want || got.Header.Get("ETag") != `"one"` || want == 304 && got.text != "" {
				t.Errorf("%s %s: %d %v %q", method, header, got.StatusCode, got.Header, got.text)
			}
		}
	}
	service.err = &manage.Error{Problem: problem.Problem{Code: problem.NotFound}}
	wantRefusal(t, f.do(t, "GET", "/v1/keys/key_a", "", `If-None-Match: *`), 404, "not_found", "")
	service.err = nil
	if got := f.do(t, "PATCH", "/v1/keys/key_a", `{}`, `If-None-Match: "one"`); got.StatusCode != http.StatusOK {
		t.Errorf("an edit: %d", got.StatusCode)
	}
}

func TestCreatesAndRotationsTakeAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for request, want := range map[string]string{
		`/v1/keys {"name":"x"}`: "once", "/v1/keys/key_a/rotate {}": "once", `/v1/tokens {"name":"x"}`: "once",
		`/v1/projects {"name":"x"}`: "once", `/v1/profiles {"name":"x"}`: "once", `/v1/workspaces {"name":"x"}`: "once", "/v1/keys/key_a/revoke {}": "",
	} {
		target, body, _ := strings.Cut(request, " ")
		got := f.do(t, "POST", target, body, "Idempotency-Key: once")
		if got.StatusCode > 299 || service.call.IdempotencyKey != want || got.Header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%s: %d %v with %q", request, got.StatusCode, got.Header, service.call.IdempotencyKey)
		}
	}
	calls := len(service.calls)
	for _, headers := range [][]string{{"Idempotency-Key: a", "Idempotency-Key: b"}, {"Idempotency-Key: a", "Idempotency-Key: a"}, {"Idempotency-Key: "}} {
		wantRefusal(t, f.do(t, "POST", "/v1/keys", `{"name":"x"}`, headers...), 422, "invalid_request", "Idempotency-Key")
	}
	if len(service.calls) != calls {
		t.Errorf("the service was asked for %q", service.calls[calls:])
	}
}

func TestARepeatMakesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const once = "Idempotency-Key: once"
	for request, other := range map[string]string{
		`/v1/keys {"name":"good","scopes":["read"]}`: `{"name":"good"}`, `/v1/tokens {"name":"good"}`: `{"name":"better"}`,
		`/v1/projects {"name":"p"}`: `{"name":"q"}`, `/v1/profiles {"name":"p"}`: `{"name":"q"}`, `/v1/workspaces {"name":"w"}`: `{"name":"v"}`,
	} {
		target, body, _ := strings.Cut(request, " ")
		header := once + target
		first, again := f.do(t, "POST", target, body, header, as(f.operator)), f.do(t, "POST", target, " "+body, header, as(f.operator))
		if first.StatusCode != 201 || again.StatusCode != 200 || first.Header.Get("Location") != again.Header.Get("Location") || first.Header.Get("ETag") != again.Header.Get("ETag") {
			t.Errorf("%s: %d %s, then %d %s", request, first.StatusCode, first.text, again.StatusCode, again.text)
		}
		if first.Header.Get("Idempotent-Replayed") != "" || again.Header.Get("Idempotent-Replayed") != "true" || again.doc["secret"] != nil {
			t.Errorf("%s: %v, then %v", request, first.Header, again.Header)
		}
		wantRefusal(t, f.do(t, "POST", target, other, header, as(f.operator)), 409, "idempotency_conflict", "")
	}
	if n := f.rows(t); n != 1 {
		t.Errorf("there are %d keys", n)
	}
	for _, text := range []string{"a b", "ö", strings.Repeat("x", 256)} {
		wantRefusal(t, f.do(t, "POST", "/v1/keys", `{"name":"good"}`, "Idempotency-Key: "+text), 422, "invalid_request", "Idempotency-Key")
	}
	f.create(t, `{"name":"good"}`, "Idempotency-Key: "+strings.Repeat("x", 255))
}

func TestARepeatSaysSoAndShowsNoSecret(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	service.created.Replayed, service.token.Replayed = true, true
	for _, request := range []string{`/v1/keys {"name":"x"}`, "/v1/keys/key_a/rotate {}", `/v1/tokens {"name":"x"}`} {
		target, body, _ := strings.Cut(request, " ")
		got := f.do(t, "POST", target, body, "Idempotency-Key: once")
		secret, there := got.doc["secret"]
		if got.StatusCode != http.StatusOK || got.Header.Get("Idempotent-Replayed") != "true" || !there || secret != nil {
			t.Errorf("%s: %d %v %s", request, got.StatusCode, got.Header, got.text)
		}
	}
	service.err = &manage.Error{Problem: problem.Problem{Code: problem.IdempotencyConflict}}
	got := f.do(t, "POST", "/v1/keys", `{"name":"x"}`, "Idempotency-Key: once")
	wantRefusal(t, got, 409, "idempotency_conflict", "")
	if got.Header.Get("Idempotent-Replayed")+got.Header.Get("Location") != "" {
		t.Errorf("refused with %v", got.Header)
	}
}

func TestAFaultOfTheServiceIsNoAnswerOfIts(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	service.err = errors.New("disk on fire")
	for id, row := range asked {
		method, rest, _ := strings.Cut(row.request, " ")
		target, body, _ := strings.Cut(rest, " ")
		if id == "verify-key" {
			continue
		}
		got := f.do(t, method, target, body)
		wantRefusal(t, got, 503, "store_unavailable", "")
		if got.Header.Get("Location")+got.Header.Get("ETag") != "" || strings.Contains(got.text, "fire") {
			t.Errorf("%s: %v %s", id, got.Header, got.text)
		}
	}
}
