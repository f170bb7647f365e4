package dashboard_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/dashboard"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// start is when every test begins.
var start = time.Date(2026, 11, 22, 12, 30, 15, 0, time.UTC)

// fixture is a dashboard on a database of its own.
type fixture struct {
	*dashboard.Dashboard
	store    storage.Store
	manager  *manage.Manager
	command  manage.Call
	token    string // of the default workspace
	operator string
	now      time.Time
	secure   bool
	tries    *tries
	log      *bytes.Buffer
}

// tries let so many in, and then nobody.
type tries struct{ left int }

func (t *tries) Take(netip.Addr, time.Time) (bool, time.Duration) {
	t.left--
	return t.left >= 0, time.Minute
}

func (t *tries) GiveBack(netip.Addr) { t.left++ }

func setup(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{command: manage.Call{Actor: manage.CommandActor("ann")}, now: start, tries: &tries{left: 5}, log: &bytes.Buffer{}}
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "keys.db"))
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	must(t, store.Migrate(t.Context()))
	prefixes := map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}
	format, err := keys.NewFormat(prefixes, nil)
	must(t, err)
	f.store = store
	f.manager, err = manage.New(manage.Config{
		Store: store, Format: format, Now: func() time.Time { return f.now },
		Catalogue: manage.Catalogue{
			Scopes: map[string]string{"read": "Read", "write": "Write"},
			Plans:  map[string]manage.Plan{"free": {MaxKeys: 3}, "big": {}}, DefaultPlan: "big",
		},
	})
	must(t, err)
	f.Dashboard, err = dashboard.New(dashboard.Config{
		Service: f.manager, Authenticate: f.manager.Authenticate, Recheck: f.manager.Recheck, Sessions: dashboard.NewSessions(f.tries),
		Rules:         dashboard.Rules{Prefixes: prefixes, RotationGrace: 24 * time.Hour},
		ClientAddress: func(*http.Request) string { return "192.0.2.7" },
		Secure:        func(*http.Request) bool { return f.secure },
		Asked:         func(r *http.Request) string { return r.URL.EscapedPath() },
		RequestID:     func(*http.Request) string { return "request-1" },
		Now:           func() time.Time { return f.now }, Log: slog.New(slog.NewTextHandler(f.log, nil)),
	})
	must(t, err)
	f.token, f.operator = f.newToken(t, manage.NewToken{Name: "a token"}), f.newToken(t, manage.NewToken{Name: "an operator", AllWorkspaces: true})
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) newToken(t testing.TB, ask manage.NewToken) string {
	t.Helper()
	made, err := f.manager.CreateToken(t.Context(), f.command, ask)
	must(t, err)
	return made.Secret.Reveal()
}

func (f *fixture) newKey(t testing.TB, ask manage.NewKey) manage.CreatedKey {
	t.Helper()
	if ask.Name == "" {
		ask.Name = "a key"
	}
	made, err := f.manager.CreateKey(t.Context(), f.command, ask)
	must(t, err)
	return made
}

// browser is one that keeps a cookie, and follows nothing by itself.
type browser struct {
	*fixture
	cookie *http.Cookie
}

// answer is a page that has been read.
type answer struct {
	*http.Response
	text string
}

// ask sends a request; a form makes it a POST.
func (b *browser) ask(t testing.TB, method, target string, form url.Values, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://keys.example"+target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	got := w.Result()
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	must(t, err)
	for _, one := range got.Cookies() {
		if !strings.HasSuffix(one.Name, "-shown") {
			b.cookie = one
		}
	}
	return answer{got, string(text)}
}

func (b *browser) get(t testing.TB, target string) answer {
	t.Helper()
	return b.ask(t, http.MethodGet, target, nil)
}

func (b *browser) post(t testing.TB, target string, form url.Values) answer {
	t.Helper()
	return b.ask(t, http.MethodPost, target, form)
}

// signIn begins a session.
func (f *fixture) signIn(t testing.TB, token string) *browser {
	t.Helper()
	b := &browser{fixture: f}
	if got := b.post(t, "/sign-in", url.Values{"token": {token}}); got.StatusCode != http.StatusSeeOther || b.cookie == nil {
		t.Fatalf("signing in was answered with %d: %s", got.StatusCode, got.text)
	}
	return b
}

var onceInput = regexp.MustCompile(`name="once" value="([^"]+)"`)

// once is what a form holds against being sent twice.
func once(t testing.TB, form answer) string {
	t.Helper()
	found := onceInput.FindStringSubmatch(form.text)
	if found == nil {
		t.Fatalf("there is no such form: %d %s", form.StatusCode, form.text)
	}
	return found[1]
}

func newKeyForm(name, once string) url.Values {
	return url.Values{"name": {name}, "once": {once}, "expiry": {"90d"}, "environment": {"live"}}
}

func wantPage(t testing.TB, got answer, status int, says ...string) {
	t.Helper()
	if got.StatusCode != status {
		t.Errorf("answered %d, want %d: %s", got.StatusCode, status, got.text)
	}
	for _, one := range says {
		if !strings.Contains(got.text, one) {
			_, main, _ := strings.Cut(got.text, "<main")
			t.Errorf("the page doesn't say %q:\n%s", one, main)
		}
	}
}

func wantRedirect(t testing.TB, got answer, to string) {
	t.Helper()
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != to {
		t.Errorf("answered %d to %q, want %q: %s", got.StatusCode, got.Header.Get("Location"), to, got.text)
	}
}

func keyPath(id keys.ID, more ...string) string {
	return fmt.Sprint("/w/default/keys/", id) + strings.Join(more, "")
}
