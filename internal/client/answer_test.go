package client

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// methodCount is how many methods an interface has.
func methodCount[T any]() int { return reflect.TypeFor[T]().NumMethod() }

func TestARefusalIsTheOneThatTheAPIMade(t *testing.T) {
	t.Parallel()
	for _, want := range []problem.Problem{
		{Code: problem.InvalidRequest, Message: "scopes must be words.", Param: "scopes", RequestID: "r-1"},
		{Code: problem.InsufficientScope, Message: "It lacks write.", RequiredScopes: []string{"read", "write"}, MissingScopes: []string{"write"}, RequestID: "r-2"},
		{Code: problem.NotFound, Message: "There is no such key here.", RequestID: "r-3"},
		{Code: problem.InvalidToken, Message: problem.InvalidToken.Row().Message, RequestID: "r-4"},
		{Code: "of_a_later_version", Message: "Something else.", RequestID: "r-5"},
	} {
		s := serve(t, says(want.Code.Row().Status, string(want.JSON())))
		err := remove(t, at(t, s.URL))
		refused, ok := errors.AsType[*manage.Error](err)
		if !ok {
			t.Errorf("%s: got %v, which is no refusal", want.Code, err)
			continue
		}
		if want.Code == "of_a_later_version" {
			refused.Problem.Code = want.Code // problem renders what it knows
		}
		if diff := cmp.Diff(want, refused.Problem); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Code, diff)
		}
		if err.Error() != want.Message {
			t.Errorf("says %q, want %q", err, want.Message)
		}
	}
}

func TestWhoeverIsNotTheAPIIsAskedAfter(t *testing.T) {
	t.Parallel()
	page := func(status int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>" + strings.Repeat("\nwelcome ", 9)))
		}
	}
	for name, row := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"a page":                {page(200), "doesn't answer as the management API does (200 OK): is this the address of keystile_admin?"},
		"no such page":          {page(404), "(404 Not Found): is this the address of keystile_admin?"},
		"another API":           {says(200, `{"hello":"world"}`), "is this the address of keystile_admin?"},
		"a list":                {says(200, `[]`), "is this the address of keystile_admin?"},
		"no JSON":               {says(200, `{"data":`), "is this the address of keystile_admin?"},
		"data of another kind":  {says(200, `{"data":{"a":1}}`), "is this the address of keystile_admin?"},
		"another API's error":   {says(404, `{"error":"nope"}`), "is this the address of keystile_admin?"},
		"our path below itself": {says(404, `{"error":{"code":"not_found","message":"There is no such thing here."}}`), "There is no such thing here. Is http://"},
		"a gate":                {says(401, `{"error":{"code":"malformed_key","message":"That is no key."}}`), "That is no key. Is http://"},
		"a password":            {page(401, "WWW-Authenticate", "Basic"), "asks for other credentials than a management token (401 Unauthorized)"},
		"a redirect":            {page(308, "Location", "https://admin.example.com/secret?x"), "redirects to https://admin.example.com: name the address"},
		"a redirect to nowhere": {page(302), "redirects: name the address"},
		"plain to TLS":          {page(400), "answered 400 Bad Request: should the address start with https://?"},
		"a crowd":               {page(429), "answered 429 Too Many Requests"},
		"a fault":               {page(500), "answered 500 Internal Server Error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, row.answer)
			err := list(t, at(t, s.URL))
			wantOneLine(t, err, row.says)
			wantOneLine(t, err, s.URL)
			if s.count() != 1 {
				t.Errorf("asked %d times", s.count())
			}
		})
	}
}

// A page for every path, as single-page applications have it, must not pass
// for a deletion.
func TestNothingIsDeletedByAPage(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
	wantOneLine(t, remove(t, at(t, s.URL)), "is this the address of keystile_admin?")
}

func TestTheTokenFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	other := serve(t, answerAny)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	_, err := create(t, at(t, s.URL))
	wantOneLine(t, err, "redirects to "+other.URL)
	if other.count() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestASecretStaysWrapped(t *testing.T) {
	t.Parallel()
	s := serve(t, says(201, `{"id":"key_1","name":"a key","scopes":["read"],"expires_at":"2027-01-01T00:00:00Z","secret":"ks_live_abc"}`))
	made, err := create(t, at(t, s.URL))
	if err != nil {
		t.Fatal(err)
	}
	if made.Replayed || made.Secret.Reveal() != "ks_live_abc" || made.ID != "key_1" || !made.ExpiresAt.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("made %+v", made)
	}
}

func TestARepeatHasNoSecret(t *testing.T) {
	t.Parallel()
	s := serve(t, says(200, `{"id":"key_1","secret":null}`))
	made, err := create(t, at(t, s.URL))
	if err != nil || !made.Replayed || made.Revealed().Secret != nil {
		t.Errorf("made %+v, %v", made, err)
	}
	if _, err := at(t, s.URL).CreateToken(t.Context(), manage.Call{}, manage.NewToken{}); err != nil {
		t.Error(err)
	}
}

func TestAnswersAreReadToABoundAndNoFurther(t *testing.T) {
	t.Parallel()
	sent := make(chan int, 1)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		piece := []byte(strings.Repeat(" ", 1<<20))
		n := 0
		for ; n < 3*maxAnswer>>20; n++ {
			if _, err := w.Write(piece); err != nil {
				break
			}
		}
		sent <- n
	})
	wantOneLine(t, list(t, at(t, s.URL)), "is larger than 64 MiB")
	if n := <-sent; n > 2*maxAnswer>>20 { // the rest is under way in sockets
		t.Errorf("%d MiB were taken", n)
	}
}
