package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/migrate"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// start is when every test begins.
var start = time.Date(2026, 11, 22, 12, 30, 15, 0, time.UTC)

// fixture is a terminal in front of a database of its own.
type fixture struct {
	store     storage.Store
	file      string // of the store
	manager   *manage.Manager
	now       time.Time
	terminal  bool      // standard input is one
	input     string    // what is typed there
	width     int       // of standard output; 0: it has no end
	out       io.Writer // in place of what run returns
	env       map[string]string
	sites     Sites
	opened    []string
	closed    int
	closing   error             // what closing a session comes to
	over      manage.Service    // in place of the manager
	transport http.RoundTripper // to the API
	accepted  []keys.Prefix     // beside those that are minted
	examine   Examiner
}

func setup(t *testing.T) *fixture {
	t.Helper()
	return setupWith(t, manage.Catalogue{
		Scopes: map[string]string{"read": "Read", "write": "Write"},
		Plans:  map[string]manage.Plan{"free": {MaxKeys: 3}, "big": {}}, DefaultPlan: "big",
	})
}

func setupWith(t *testing.T, catalogue manage.Catalogue, settings ...func(*manage.Config)) *fixture {
	t.Helper()
	f := &fixture{now: start, file: filepath.Join(t.TempDir(), "keys.db")}
	store, err := sqlite.Open(f.file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.store = store
	cfg := manage.Config{Store: store, Format: format, Now: func() time.Time { return f.now }, Catalogue: catalogue}
	for _, set := range settings {
		set(&cfg)
	}
	f.manager, err = manage.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var errNoConfig = errors.New("read nowhere:\n\tno such file")

func (f *fixture) open(_ context.Context, configFile string) (*Session, error) {
	f.opened = append(f.opened, configFile)
	if configFile == "nowhere" {
		return nil, errNoConfig
	}
	var service manage.Service = f.manager
	if f.over != nil {
		service = f.over
	}
	return &Session{
		Service: service, Actor: manage.CommandActor("ann"),
		Now:   func() time.Time { return f.now },
		Sites: f.sites,
		Close: func() error { f.closed++; return f.closing },
	}, nil
}

// readFormat is that of the fixture's manager.
func (f *fixture) readFormat(configFile string) (*keys.Format, error) {
	if configFile == "nowhere" {
		return nil, errNoConfig
	}
	return keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, f.accepted)
}

// makeStore is open for a command that may make the store.
func (f *fixture) makeStore(ctx context.Context, configFile string) (*Session, error) {
	return f.open(ctx, configFile+" to create")
}

// openStore opens the store of a migration: sqlite:keys.db is the fixture's own,
// and what there is to fill is in its folder.
func (f *fixture) openStore(ctx context.Context, address string, create bool) (migrate.Store, error) {
	opts := []sqlite.Option{sqlite.MustExist()}
	path := f.file
	if create {
		opts, path = []sqlite.Option{sqlite.Part()}, path+".other"
	}
	f.opened = append(f.opened, address)
	store, err := sqlite.Open(path, opts...)
	if err != nil {
		return nil, err
	}
	return store, store.Migrate(ctx)
}

// commandsOf makes commands of the groups of a program.
func commandsOf(p Program) []*cobra.Command {
	groups := p.Groups()
	out := make([]*cobra.Command, 0, len(groups))
	for _, g := range groups {
		cmd := &cobra.Command{Use: g.Name, Short: g.Short}
		g.Fill(cmd)
		out = append(out, cmd)
	}
	return out
}

// result is what a command left behind.
type result struct {
	out, err string
	status   int
}

// run types a command line. The root is like Caddy's: it prints usage where a
// command lets it.
func (f *fixture) run(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	var got result
	a := &app{
		Program: Program{
			Open: f.open, Create: f.makeStore, OpenStore: f.openStore, ReadFormat: f.readFormat, Examine: f.examine, UserAgent: "keystile/test",
			Exit: func(status int) { got.status = status },
		},
		interactive: func(any) bool { return f.terminal },
		width:       func(any) int { return f.width },
		getenv:      func(name string) string { return f.env[name] },
		transport:   f.transport,
		now:         func() time.Time { return f.now },
	}
	root := &cobra.Command{Use: "keystile"}
	root.SetHelpTemplate(root.HelpTemplate() + "\nFooter of the root\n")
	for _, g := range a.groups() {
		cmd := &cobra.Command{Use: g.Name + " <command>", Short: g.Short}
		g.Fill(cmd)
		root.AddCommand(cmd)
	}
	root.SetOut(&out)
	if f.out != nil {
		root.SetOut(f.out)
	}
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(f.input))
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	if (err != nil) != (got.status != 0) {
		t.Errorf("%v: cobra got %v, and the status is %d", args, err, got.status)
	}
	got.out, got.err = out.String(), errs.String()
	return got
}

// ok runs a command that must succeed.
func (f *fixture) ok(t *testing.T, args ...string) string {
	t.Helper()
	got := f.run(t, args...)
	if got.status != 0 || got.err != "" {
		t.Fatalf("%v: status %d, %s", args, got.status, got.err)
	}
	return got.out
}

// document runs a command with --json and reads its one document.
func (f *fixture) document(t *testing.T, args ...string) map[string]any {
	t.Helper()
	out := f.ok(t, append(args, "--json")...)
	var doc map[string]any
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("%v printed no document: %v\n%s", args, err, out)
	}
	return doc
}

// create makes a key and returns its ID.
func (f *fixture) create(t *testing.T, args ...string) string {
	t.Helper()
	id, _ := f.document(t, append([]string{"keys", "create"}, args...)...)["id"].(string)
	return id
}

// steady replaces what is random by its shape, of the same length.
var steady = regexp.MustCompile(`\b(key_|tok_|ks_live_|ks_test_|kst_)([0-9A-Za-z]+)(…[0-9A-Za-z]{4})?`)

// cursors hold an ID and can't be told apart by their shape.
var cursors = regexp.MustCompile(`(--cursor |"next_cursor": ")[\w-]+`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldenText(t, name, steadied(got))
}

// steadied is a text with shapes in the place of what is random.
func steadied(text string) string {
	text = cursors.ReplaceAllString(text, "${1}CURSOR")
	return steady.ReplaceAllStringFunc(text, func(text string) string {
		parts := steady.FindStringSubmatch(text)
		tail := ""
		if parts[3] != "" {
			tail = "…yyyy"
		}
		return parts[1] + strings.Repeat("x", len(parts[2])) + tail
	})
}

// goldenText is golden for a text that has nothing random in it.
func goldenText(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
