package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/cli"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// explainedFile has gates of each kind that can be mistaken for another.
const explainedFile = `{
	keystile {
		store sqlite %s
		rate_limit live 1/h burst 3
		quota 100/day
		unknown_keys 1/s
	}
}
http://api.example.com:8080 {
	keystile {
		route GET /v1/items read
		route GET /v1/big read {
			cost 4
		}
		route GET /v1/mine read {
			project {query.project}
		}
		route GET /open public
	}
}
http://api.example.com:8081 {
	keystile {
		route GET /v1/items write
	}
}
http://*.wide.example:8080 {
	handle /a/* {
		keystile
	}
	handle /b/* {
		keystile_verify {
			route GET /v1/items write
			route GET /v1/mine {
				project {query.project}
			}
		}
	}
	handle_errors {
		keystile
	}
}
`

// desk is a configuration file with a store, of which nothing runs.
type desk struct {
	t            *testing.T
	file, db     string
	good, strict manage.CreatedKey
}

func setupDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, file: filepath.Join(t.TempDir(), "Caddyfile"), db: filepath.Join(t.TempDir(), "keys.db")}
	if err := os.WriteFile(d.file, fmt.Appendf(nil, explainedFile, d.db), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// furnish makes the database and two keys.
func (d *desk) furnish() *desk {
	d.t.Helper()
	d.in(createSession, func(s manage.Service, call manage.Call) {
		var err error
		must(d.t, func() { _, err = s.CreateProject(d.t.Context(), call, manage.NewProject{Name: "p1"}) }, &err)
		must(d.t, func() {
			d.good, err = s.CreateKey(d.t.Context(), call, manage.NewKey{Name: "good", Environment: keys.Live, Scopes: []string{"read"}})
		}, &err)
		must(d.t, func() {
			d.strict, err = s.CreateKey(d.t.Context(), call, manage.NewKey{
				Name: "strict", Environment: keys.Live, Scopes: []string{"read"}, Project: "p1", AllowedIPs: []string{"192.0.2.7"},
			})
		}, &err)
	})
	return d
}

func (d *desk) in(open func(context.Context, string) (*cli.Session, error), do func(manage.Service, manage.Call)) {
	d.t.Helper()
	session, err := open(d.t.Context(), d.file)
	if err != nil {
		d.t.Fatal(err)
	}
	do(session.Service, manage.Call{Actor: session.Actor})
	if err := session.Close(); err != nil {
		d.t.Error(err)
	}
}

func TestADecisionIsExplainedOnTheStoreOfAFile(t *testing.T) {
	t.Parallel()
	d := setupDesk(t).furnish()
	const main, wide = "api.example.com", ":8080 *.wide.example "
	full := []string{unsaidQuotas, unsaidBuckets}
	d.in(openSession, func(s manage.Service, call manage.Call) {
		for _, c := range []struct {
			ask     manage.Question
			outcome string
			notes   []string
		}{
			{manage.Question{KeyID: d.good.ID, Path: "/v1/items", Host: main + ":8080"}, "allowed", full},
			{manage.Question{Key: d.good.Secret.Reveal(), Path: "/v1/items", Host: main + ":8080"}, "allowed", full},
			{manage.Question{KeyID: d.good.ID, Path: "/v1/items", Host: main + ":8081"}, "insufficient_scope", nil},
			{manage.Question{KeyID: d.good.ID, Path: "/v1/items", Gate: "http://api.example.com:8081"}, "insufficient_scope", nil},
			{manage.Question{KeyID: d.good.ID, Path: "/v1/items", Gate: "http://api.example.com:8080 (:8080 api.example.com)"}, "allowed", full},
			{manage.Question{KeyID: d.good.ID, Path: "/v1/big", Host: main + ":8080"}, "rate_limited", full},
			{manage.Question{Path: "/open", Host: main + ":8080"}, "allowed", nil},
			{manage.Question{Path: "/v1/items", Host: main + ":8080"}, "missing_key", nil},
			{manage.Question{Key: "garbage", Path: "/v1/items", Host: main + ":8080"}, "malformed_key", nil},
			{manage.Question{Key: "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco", Path: "/v1/items", Host: main + ":8080"}, "unknown_key", []string{unsaidGuesses}},
			{manage.Question{KeyID: "key_nobodys", Path: "/v1/items", Host: main + ":8080"}, "unknown_key", nil},
			{manage.Question{KeyID: d.good.ID, Path: "/anything", Gate: wide + "/a/*"}, "allowed", full},
			{manage.Question{KeyID: d.good.ID, Path: "/v1/items", Gate: wide + "/b/*"}, "insufficient_scope", nil},
			{manage.Question{KeyID: d.strict.ID, Path: "/v1/mine?project=p1", Client: "192.0.2.7", Gate: wide + "/b/*"}, "allowed", full},
			{manage.Question{KeyID: d.strict.ID, Path: "/v1/mine?project=p2", Client: "192.0.2.7", Gate: wide + "/b/*"}, "project_mismatch", nil},
			{manage.Question{KeyID: d.strict.ID, Path: "/v1/items", Client: "192.0.2.8", Host: main + ":8080"}, "ip_not_allowed", nil},
			{manage.Question{KeyID: d.good.ID, Path: "/anything", Gate: ":8080 errors *.wide.example"}, "allowed", full},
		} {
			told, err := s.ExplainRequest(t.Context(), call, c.ask)
			slices.Sort(told.Notes)
			slices.Sort(c.notes)
			if err != nil || told.Outcome != c.outcome || len(told.Steps) == 0 || !slices.Equal(told.Notes, c.notes) {
				t.Errorf("%+v: %+v, %v, want %s and %q", c.ask, told, err, c.outcome, c.notes)
			}
		}
	})
}

func TestWhereSeveralGatesMayBeAskedTheyAreListedInOneLine(t *testing.T) {
	t.Parallel()
	d := setupDesk(t).furnish()
	const wide = ":8080 *.wide.example /a/*; :8080 *.wide.example /b/*"
	const all = ":8080 api.example.com; " + wide
	d.in(openSession, func(s manage.Service, call manage.Call) {
		for ask, want := range map[manage.Question]string{
			{Path: "/x"}:                                   "Name it as gate: " + all + "; :8081 api.example.com.",
			{Path: "/x", Host: "api.example.com"}:          "Name it as gate: :8080 api.example.com; :8081 api.example.com.",
			{Path: "/x", Host: "www.wide.example"}:         "Name it as gate: " + wide + ".",
			{Path: "/x", Host: "elsewhere.example"}:        "host names no gate. There are: :8080 api.example.com; ",
			{Path: "/x", Gate: ":9"}:                       "gate names no gate. There are: :8080 api.example.com; ",
			{Path: "/x", Gate: ":8080 *.wide.example /a/"}: "gate names no gate.",
		} {
			_, err := s.ExplainRequest(t.Context(), call, ask)
			refused, ok := errors.AsType[*manage.Error](err)
			if !ok || refused.Problem.Code != problem.InvalidRequest || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%+v: %v, want %q", ask, err, want)
			}
		}
	})
}

func TestExplainingOnAStoreWritesNothing(t *testing.T) {
	t.Parallel()
	d := setupDesk(t)
	if _, err := openSession(t.Context(), d.file); !errors.Is(err, fs.ErrNotExist) && (err == nil || !strings.Contains(err.Error(), d.db)) {
		t.Errorf("without a database: %v", err)
	}
	if _, err := os.Stat(d.db); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
	d.furnish()
	before := d.bytes()
	for range 3 {
		d.in(openSession, func(s manage.Service, call manage.Call) {
			for _, key := range []keys.ID{d.good.ID, d.strict.ID, "", "key_nobodys"} {
				for range 5 { // more than the bucket holds
					if _, err := s.ExplainRequest(t.Context(), call, manage.Question{KeyID: key, Path: "/v1/items", Gate: ":8080 api.example.com"}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	if !bytes.Equal(before, d.bytes()) {
		t.Error("the database isn't what it was")
	}
}

func (d *desk) bytes() []byte {
	d.t.Helper()
	body, err := os.ReadFile(d.db)
	if err != nil {
		d.t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(d.db)); err != nil || len(entries) != 1 {
		d.t.Errorf("beside the database: %v, %v", entries, err)
	}
	return body
}

func TestAWrongGateOfAFileIsNamed(t *testing.T) {
	t.Parallel()
	d := setupDesk(t).furnish()
	adapted, err := readConfig(d.file)
	if err != nil {
		t.Fatal(err)
	}
	d.file = filepath.Join(t.TempDir(), "caddy.json") // a Caddyfile would be refused as a whole
	if err := os.WriteFile(d.file, bytes.Replace(adapted, []byte(`"/open"`), []byte(`"open"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	d.in(openSession, func(s manage.Service, call manage.Call) {
		if _, err := s.ExplainRequest(t.Context(), call, manage.Question{Path: "/x"}); err == nil || !strings.Contains(err.Error(), "the gate at :8080 api.example.com: ") {
			t.Error(err)
		}
	})
}
