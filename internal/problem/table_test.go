package problem_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/problem"
)

// documented is what clients were told: status and type of every code.
var documented = map[int]map[problem.Type]string{
	400: {problem.InvalidRequestError: "ambiguous_path multiple_credentials invalid_json"},
	401: {problem.AuthenticationError: "missing_key malformed_key unknown_key inactive_key revoked_key expired_key jwt_not_supported missing_token invalid_token"},
	403: {problem.PermissionError: "insufficient_scope project_mismatch workspace_mismatch environment_not_allowed ip_not_allowed route_not_allowed not_permitted"},
	404: {problem.InvalidRequestError: "not_found"},
	405: {problem.InvalidRequestError: "method_not_allowed"},
	409: {problem.InvalidRequestError: "already_exists plan_limit_reached revocation_permanent rotation_in_progress key_not_active idempotency_conflict in_use"},
	412: {problem.InvalidRequestError: "precondition_failed"},
	413: {problem.InvalidRequestError: "body_too_large"},
	415: {problem.InvalidRequestError: "unsupported_media_type"},
	422: {problem.InvalidRequestError: "invalid_request scope_widening immutable_field"},
	429: {problem.RateLimitError: "rate_limited quota_exceeded"},
	500: {problem.APIError: "internal_error"},
	503: {problem.APIError: "store_unavailable limiter_unavailable store_moving"},
}

func TestEveryCodeHasItsDocumentedStatusAndType(t *testing.T) {
	t.Parallel()
	count := 0
	for status, types := range documented {
		for typ, codes := range types {
			for code := range strings.FieldsSeq(codes) {
				count++
				row := problem.Code(code).Row()
				if string(row.Code) != code || row.Status != status || row.Type != typ {
					t.Errorf("%s is answered as %s, %d, %s; want %d, %s", code, row.Code, row.Status, row.Type, status, typ)
				}
			}
		}
	}
	if got := len(problem.All()); got != count {
		t.Errorf("the table has %d rows, want the %d documented ones", got, count)
	}
}

func TestEveryCodeHasExactlyOneRow(t *testing.T) {
	t.Parallel()
	rows := map[string]int{}
	for _, row := range problem.All() {
		rows[string(row.Code)]++
	}
	constants := codeConstants(t)
	for _, code := range constants {
		if rows[code] != 1 {
			t.Errorf("%s has %d rows", code, rows[code])
		}
		delete(rows, code)
	}
	for code := range rows {
		t.Errorf("the row of %s has no constant", code)
	}
	if len(constants) < 30 {
		t.Errorf("only %d constants were found in code.go", len(constants))
	}
}

// codeConstants reads the values of code.go's constants of type Code.
func codeConstants(t *testing.T) (values []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
		return true
	})
	return values
}

func TestRowsAreCompleteAndReadWell(t *testing.T) {
	t.Parallel()
	known := regexp.MustCompile(`\{(method|route|carrier|missing|retry_after|param)\}`)
	for _, row := range problem.All() {
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`).MatchString(string(row.Code)) {
			t.Errorf("%s is not in snake case", row.Code)
		}
		if row.Parts == 0 || row.Parts&^(problem.Gate|problem.Management) != 0 {
			t.Errorf("%s has no part of Keystile that gives it", row.Code)
		}
		for name, text := range map[string]string{"title": row.Title, "message": row.Message, "advice": row.Advice} {
			if text == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s: the %s is %q", row.Code, name, text)
			}
		}
		if strings.HasSuffix(row.Title, ".") || !strings.HasSuffix(row.Message, ".") && !strings.HasSuffix(row.Message, "…") || !strings.HasSuffix(row.Advice, ".") {
			t.Errorf("%s: a title is no sentence, message and advice are", row.Code)
		}
		if rest := known.ReplaceAllString(row.Message, ""); strings.ContainsAny(rest, "{}") {
			t.Errorf("%s: nothing fills the message's %q", row.Code, rest)
		}
	}
}

// PATH and STORE rows: what a store or limiter can't tell is never held
// against the caller.
func TestOutagesAreNeverRefusalsOfTheKey(t *testing.T) {
	t.Parallel()
	for _, code := range []problem.Code{problem.StoreUnavailable, problem.LimiterUnavailable, problem.InternalError, "", "no_such_code"} {
		if status := code.Row().Status; status < 500 {
			t.Errorf("%q is answered with %d", code, status)
		}
	}
}
