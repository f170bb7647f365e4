package problem_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/problem"
)

// Where nothing was presented, nothing is said to be wrong with it.
func TestCRED02ChallengeWithoutACredentialHasNoError(t *testing.T) {
	t.Parallel()
	for _, code := range []problem.Code{problem.MissingKey, problem.MissingToken} {
		if got := (&problem.Problem{Code: code}).Challenge(); got != `Bearer realm="api"` {
			t.Errorf("%s: %s", code, got)
		}
	}
}

func TestEveryOther401IsAnInvalidToken(t *testing.T) {
	t.Parallel()
	for _, row := range problem.All() {
		if row.Status != 401 || row.Code == problem.MissingKey || row.Code == problem.MissingToken {
			continue
		}
		want := `Bearer realm="api", error="invalid_token", error_description="` + row.Title + `"`
		if got := (&problem.Problem{Code: row.Code}).Challenge(); got != want {
			t.Errorf("%s: %s, want %s", row.Code, got, want)
		}
	}
}

func TestMissingScopeIsChallengedWithTheScopesThatAreNeeded(t *testing.T) {
	t.Parallel()
	const start = `Bearer realm="api", error="insufficient_scope", error_description="Missing scope"`
	for _, tt := range []struct {
		required, anyOf []string
		want            string
	}{
		{[]string{"a", "b"}, nil, start + `, scope="a b"`},
		{[]string{"a"}, []string{"b", "c"}, start + `, scope="a b c"`},
		{nil, []string{"b"}, start + `, scope="b"`},
		{nil, nil, start},
		// None of these can be said in the attribute, and a part of them would mislead.
		{[]string{"a", `say"so`}, nil, start},
		{[]string{`a\b`}, nil, start},
		{[]string{"schreiben:möbel"}, nil, start},
		{[]string{"a\r\nSet-Cookie: b"}, nil, start},
	} {
		p := problem.Problem{Code: problem.InsufficientScope, RequiredScopes: tt.required, AnyOfScopes: tt.anyOf}
		if got := p.Challenge(); got != tt.want {
			t.Errorf("%q, any of %q: %s, want %s", tt.required, tt.anyOf, got, tt.want)
		}
	}
}

func TestOtherStatusesDontChallenge(t *testing.T) {
	t.Parallel()
	for _, row := range problem.All() {
		got := (&problem.Problem{Code: row.Code}).Challenge()
		if wants := row.Status == 401 || row.Code == problem.InsufficientScope; wants != (got != "") {
			t.Errorf("%s, a %d, challenges with %q", row.Code, row.Status, got)
		}
	}
}

// RFC 6750 section 3: %x20-21 / %x23-5B / %x5D-7E within the quotes, and
// whatever a scope holds, one line.
func FuzzChallengeKeepsToItsCharacters(f *testing.F) {
	for _, seed := range []string{"read:projects", `"`, `\`, "a\r\nb", "é", "\x00", "\xff", ", error=\"x"} {
		f.Add(seed)
	}
	shape := regexp.MustCompile(`^Bearer realm="api", error="insufficient_scope", error_description="[ !#-\[\]-~]+"(, scope="[ !#-\[\]-~]+")?$`)
	f.Fuzz(func(t *testing.T, scope string) {
		p := problem.Problem{Code: problem.InsufficientScope, RequiredScopes: []string{scope}}
		got := p.Challenge()
		if !shape.MatchString(got) {
			t.Fatalf("%q makes %q", scope, got)
		}
		if strings.Contains(got, "scope=\"") && !strings.HasSuffix(got, `scope="`+scope+`"`) {
			t.Errorf("%q is named otherwise: %q", scope, got)
		}
	})
}
