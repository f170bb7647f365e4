package manage_test

import (
	"crypto/sha256"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// start is when every test begins.
var start = time.Date(2026, 11, 22, 12, 30, 15, 123456000, time.UTC)

// fixture is a manager on a database of its own, with a clock that stands
// still until the test moves it.
type fixture struct {
	*manage.Manager
	store  storage.Store
	dir    string
	hasher keys.Hasher
	config manage.Config
	op     manage.Call // an operator in the default workspace

	mu  sync.Mutex
	now time.Time
}

func setup(t testing.TB, with ...func(*manage.Config)) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir(), now: start, op: manage.Call{Actor: manage.CommandActor("ann")}}
	store, err := sqlite.Open(filepath.Join(f.dir, "keys.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.store = store
	f.reconfigure(t, with...)
	return f
}

// reconfigure puts a manager with another configuration on the same store.
func (f *fixture) reconfigure(t testing.TB, with ...func(*manage.Config)) {
	t.Helper()
	config := manage.Config{Store: f.store, Format: newFormat(t), Now: f.clock}
	for _, change := range with {
		change(&config)
	}
	f.hasher, f.config = config.Hasher, config
	var err error
	if f.Manager, err = manage.New(config); err != nil {
		t.Fatal(err)
	}
}

// words are those between the spaces of a text; none where it is empty.
func words(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, " ")
}

func newFormat(t testing.TB) *keys.Format {
	t.Helper()
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return format
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// catalogue lists two scopes and two plans, the smaller one by default.
func catalogue(c *manage.Config) {
	c.Catalogue = manage.Catalogue{
		Scopes:      map[string]string{"read": "Read", "write": "Write"},
		Plans:       map[string]manage.Plan{"free": {MaxKeys: 10}, "big": {}},
		DefaultPlan: "free",
	}
}

func (f *fixture) mustCreate(t *testing.T, call manage.Call, ask manage.NewKey) manage.CreatedKey {
	t.Helper()
	if ask.Name == "" {
		ask.Name = "a key"
	}
	made, err := f.CreateKey(t.Context(), call, ask)
	if err != nil {
		t.Fatalf("create %+v: %v", ask, err)
	}
	return made
}

func (f *fixture) mustList(t *testing.T, call manage.Call, query manage.KeyQuery) manage.Page[manage.KeyView] {
	t.Helper()
	rows, err := f.ListKeys(t.Context(), call, query)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// project registers projects of the call's workspace.
func (f *fixture) project(t *testing.T, call manage.Call, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := f.CreateProject(t.Context(), call, manage.NewProject{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
}

// workspace makes a workspace and returns an operator's call about it.
func (f *fixture) workspace(t *testing.T, name, plan string) manage.Call {
	t.Helper()
	if _, err := f.CreateWorkspace(t.Context(), f.op, manage.NewWorkspace{Name: name, Plan: plan}); err != nil {
		t.Fatal(err)
	}
	return manage.Call{Actor: f.op.Actor, Workspace: name}
}

// audit reads a workspace's trail, newest first.
func (f *fixture) audit(t *testing.T, workspace string) []storage.AuditEntry {
	t.Helper()
	var out []storage.AuditEntry
	err := f.store.View(t.Context(), func(r storage.Reader) (err error) {
		out, err = r.Audit(t.Context(), storage.AuditFilter{Workspace: workspace, Limit: 100})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantRefusal checks that err is an answer with this code and field.
func wantRefusal(t *testing.T, err error, code problem.Code, param string) {
	t.Helper()
	refused, ok := errors.AsType[*manage.Error](err)
	if !ok {
		t.Fatalf("got %v, want a refusal with %s", err, code)
	}
	if refused.Problem.Code != code || refused.Problem.Param != param {
		t.Errorf("refused with %s, param %q; want %s, %q: %v", refused.Problem.Code, refused.Problem.Param, code, param, err)
	}
}

// at is the manager of the same store at another time.
func (f *fixture) at(now time.Time) *manage.Manager {
	config := f.config
	config.Now = func() time.Time { return now }
	m, err := manage.New(config)
	if err != nil {
		panic(err) // the same configuration was good before
	}
	return m
}

// standing stores the token that an actor says it is, if it isn't there yet,
// and returns the actor.
func (f *fixture) standing(t *testing.T, a manage.Actor) manage.Actor {
	t.Helper()
	if a.ID == "" {
		a.ID = keys.NewTokenID()
	}
	token := &keys.Token{
		ID: a.ID, Digest: sha256.Sum256([]byte(a.ID + a.Workspace)), Name: a.Name, Workspace: a.Workspace, CreatedAt: f.clock(),
	}
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error { return tx.InsertToken(t.Context(), token) })
	if err != nil && !errors.Is(err, storage.ErrExists) {
		t.Fatal(err)
	}
	return a
}
