package api_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

const matrixFile = "testdata/matrix.golden"

// matrixRows has a request for each call of the document. $KEY, $PAUSED,
// $PROJECT, $PROFILE, $TOKEN and $WORKSPACE are made for each try, in the
// workspace default; $NEW is a name that nothing has.
var matrixRows = map[string]string{
	"create-key":       `POST /v1/keys {"name":"$NEW","scopes":["read"]}`,
	"list-keys":        "GET /v1/keys",
	"show-key":         "GET /v1/keys/$KEY",
	"edit-key":         `PATCH /v1/keys/$KEY {"description":"new words"}`,
	"revoke-key":       "POST /v1/keys/$KEY/revoke",
	"reactivate-key":   "POST /v1/keys/$PAUSED/reactivate",
	"rotate-key":       "POST /v1/keys/$KEY/rotate",
	"delete-key":       "DELETE /v1/keys/$KEY",
	"key-usage":        "GET /v1/keys/$KEY/usage",
	"key-activity":     "GET /v1/keys/$KEY/activity",
	"verify-key":       `POST /v1/keys/verify {"key":"x"}`,
	"look-up-secret":   `POST /v1/secrets/lookup {"secret":"x"}`,
	"list-gates":       "GET /v1/gates",
	"explain-request":  `POST /v1/explain {"path":"/"}`,
	"report-refusals":  "GET /v1/report",
	"list-audit":       "GET /v1/audit",
	"create-token":     `POST /v1/tokens {"name":"$NEW"}`,
	"list-tokens":      "GET /v1/tokens",
	"delete-token":     "DELETE /v1/tokens/$TOKEN",
	"create-workspace": `POST /v1/workspaces {"name":"$NEW"}`,
	"list-workspaces":  "GET /v1/workspaces",
	"edit-workspace":   `PATCH /v1/workspaces/$WORKSPACE {"plan":"big"}`,
	"create-project":   `POST /v1/projects {"name":"$NEW"}`,
	"list-projects":    "GET /v1/projects",
	"delete-project":   "DELETE /v1/projects/$PROJECT",
	"create-profile":   `POST /v1/profiles {"name":"$NEW"}`,
	"list-profiles":    "GET /v1/profiles",
	"delete-profile":   "DELETE /v1/profiles/$PROFILE",
	"list-plans":       "GET /v1/plans",
	"list-scopes":      "GET /v1/scopes",
}

// moreMatrixRows are calls in another way than their own.
var moreMatrixRows = []string{
	"GET /v1/openapi.json",
	"GET /v1/nothing",
	"PUT /v1/keys",
	"GET /v1/keys/key_nobody",
	"GET /v1/keys?workspace=rivals",
	`POST /v1/keys?workspace=rivals {"name":"$NEW"}`,
	`POST /v1/keys {"name":"$NEW","scopes":["read","write"]}`,
	`POST /v1/keys {"name":"$NEW","scopes":["all"]}`,
	`POST /v1/keys {"name":"$NEW","scopes":["read"],"environment":"test"}`,
	"GET /v1/tokens?all_workspaces=true",
	`POST /v1/tokens {"name":"$NEW","all_workspaces":true}`,
	"GET /v1/keys?workspace=nobodys",
	`POST /v1/keys/verify?workspace=nobodys {"key":"x"}`,
	`POST /v1/keys/verify?workspace=rivals {"key":"x"}`,
}

// TestEveryCallAnswersEverybodyAsDocumented compares who may do what with the
// table that is documented: each call, by each kind of caller.
func TestEveryCallAnswersEverybodyAsDocumented(t *testing.T) {
	t.Parallel()
	calls := operations(t)
	for id := range matrixRows {
		if _, there := calls[id]; !there {
			t.Errorf("there is a row for %s, which is none of the document's calls", id)
		}
	}
	m := setupMatrix(t)
	rows := [][]string{append([]string{""}, m.names...)}
	for _, id := range slices.SortedFunc(maps.Keys(calls), byPathAndMethod(calls)) {
		request, there := matrixRows[id]
		if !there {
			t.Errorf("there is no row for %s: add one to matrixRows", id)
			continue
		}
		rows = append(rows, m.row(t, request))
	}
	for _, request := range moreMatrixRows {
		rows = append(rows, m.row(t, request))
	}
	got := table(rows)
	if *update {
		if err := os.WriteFile(matrixFile, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.FromSlash(matrixFile))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", matrixFile, diff)
	}
}

func byPathAndMethod(calls map[string]described) func(a, b string) int {
	return func(a, b string) int {
		return strings.Compare(calls[a].path+" "+calls[a].method, calls[b].path+" "+calls[b].method)
	}
}

// matrix is the API with one caller of each kind.
type matrix struct {
	*fixture
	names   []string
	callers map[string]string // what each presents
	made    int
	uses    int64
}

func setupMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{fixture: setup(t)}
	expired := m.newToken(t, "", false, "1h")
	m.now = m.now.Add(2 * time.Hour)
	if _, err := m.manager.CreateProject(t.Context(), m.command, manage.NewProject{Name: "apollo"}); err != nil {
		t.Fatal(err)
	}
	m.names = []string{"nobody", "key", "manager key", "project key", "stranger", "token", "expired", "operator"}
	m.callers = map[string]string{
		"key":         m.newKey(t, "", "read"),
		"manager key": m.newKey(t, "", "read", keys.ScopeManageKeys),
		"project key": m.newKey(t, "apollo", "read", keys.ScopeManageKeys), // what it asks for is of no project
		"stranger":    m.workspace(t, "rivals"),                            // a token of another workspace
		"token":       m.token, "expired": expired, "operator": m.operator,
	}
	return m
}

func (m *matrix) newKey(t *testing.T, project string, scopes ...string) string {
	t.Helper()
	made, err := m.manager.CreateKey(t.Context(), m.command, manage.NewKey{Name: "a key", Project: project, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return made.Secret.Reveal()
}

// row tries a request as everybody. An answer is told as its status, and as
// its code where it is a refusal.
func (m *matrix) row(t *testing.T, request string) []string {
	t.Helper()
	cells := []string{request}
	for _, name := range m.names {
		method, rest, _ := strings.Cut(m.fill(t, request), " ")
		target, body, _ := strings.Cut(rest, " ")
		header := "Authorization: " // of nobody
		if secret := m.callers[name]; secret != "" {
			header = as(secret)
		}
		got := m.do(t, method, target, body, header)
		code, _ := got.err["code"].(string)
		cells = append(cells, strings.TrimSpace(fmt.Sprint(got.StatusCode, " ", code)))
	}
	return cells
}

// fill makes what a request speaks of.
func (m *matrix) fill(t *testing.T, request string) string {
	t.Helper()
	m.made++
	name := fmt.Sprintf("new-%d", m.made)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	fresh := map[string]func() string{
		"$NEW":       func() string { return name },
		"$KEY":       func() string { return string(m.aKey(t).ID) },
		"$WORKSPACE": func() string { m.workspace(t, name); return name },
		"$PAUSED": func() string {
			key := m.aKey(t)
			_, err := m.manager.EditKey(t.Context(), m.command, key.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
			must(err)
			return string(key.ID)
		},
		"$PROJECT": func() string {
			_, err := m.manager.CreateProject(t.Context(), m.command, manage.NewProject{Name: name})
			must(err)
			return name
		},
		"$PROFILE": func() string {
			_, err := m.manager.CreateProfile(t.Context(), m.command, manage.NewProfile{Name: name})
			must(err)
			return name
		},
		"$TOKEN": func() string {
			made, err := m.manager.CreateToken(t.Context(), m.command, manage.NewToken{Name: name})
			must(err)
			return made.ID
		},
	}
	for mark, make := range fresh {
		if strings.Contains(request, mark) {
			request = strings.ReplaceAll(request, mark, make())
		}
	}
	return request
}

func (m *matrix) aKey(t *testing.T) manage.KeyView {
	t.Helper()
	return m.aNewKey(t).KeyView
}

func (m *matrix) aNewKey(t *testing.T) manage.CreatedKey {
	t.Helper()
	made, err := m.manager.CreateKey(t.Context(), m.command, manage.NewKey{Name: "Nightly export", Scopes: []string{"read"}})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// table aligns columns.
func table(rows [][]string) string {
	var out strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			width := 0
			for _, other := range rows {
				width = max(width, len(other[i]))
			}
			fmt.Fprintf(&line, "%-*s  ", width, cell)
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}
