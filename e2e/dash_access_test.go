package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Nobody is shut out: axe finds nothing on any page, light, dark and on a phone.
func TestDashboardIsAccessible(t *testing.T) {
	t.Parallel()
	p, path := setupShowcase(t)
	for name, l := range map[string]looks{"light": {}, "dark": {dark: true}, "on a phone": {phone: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWindow(t, "http://"+p.at, l)
			w.open("/sign-in")
			w.wantAccessible("sign-in")
			w.fill("#token", "kst_wrong")
			w.press("Sign in")
			w.wantAccessible("sign-in refused")
			w.signIn(p.credential)
			for _, page := range shownPages {
				w.open(path(page.path))
				w.wantAccessible(page.name)
			}
			w.open("/w/default/new-key")
			eval[any](w, `document.querySelector("form.card").noValidate = true`)
			w.press("Create key")
			w.wantAccessible("new-key refused")
			w.fill("#name", "A key "+name)
			w.press("Create key")
			p.secret(w.text("#secret"))
			w.wantAccessible("secret")
			w.follow(reload)
			w.wantAccessible("secret shown before")
		})
	}
}

// A key is made without a mouse.
func TestDashboardIsUsedByTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	p := setupPages(t, options{}, "")
	w := p.window(looks{})
	w.open("/sign-in")
	eventually(t, windowWithin, "the field has the focus", func() bool { return eval[string](w, "document.activeElement.type") == "password" })
	get(w, chromedp.KeyEvent(p.token))
	w.follow(chromedp.KeyEvent(kb.Enter))
	get(w, chromedp.KeyEvent(kb.Tab))
	if text := eval[string](w, "document.activeElement.textContent"); text != "Skip to content" {
		t.Errorf("the first stop is %q", text)
	}
	get(w, chromedp.KeyEvent(kb.Enter))
	if id := eval[string](w, "document.activeElement.id"); id != "main" {
		t.Errorf("skipping leads to %q", id)
	}
	w.tabTo("New key")
	w.follow(chromedp.KeyEvent(kb.Enter))
	w.tabTo("name")
	get(w, chromedp.KeyEvent("By hand"))
	w.tabTo("read:projects")
	get(w, chromedp.KeyEvent(" "))
	w.tabTo("Create key")
	w.follow(chromedp.KeyEvent(kb.Enter))
	wantText(w, "main", "By hand", "it is shown once")
	p.secret(w.text("#secret"))
	w.grant()
	w.tabTo("Copy")
	get(w, chromedp.KeyEvent(kb.Enter))
	eventually(t, windowWithin, "the secret is copied", func() bool {
		return eval[string](w, "navigator.clipboard.readText().catch(() => '')") == w.text("#secret")
	})
}

// tabTo moves the focus on until it is on what has a text, a name or a value;
// it can be seen there.
func (w *window) tabTo(what string) {
	w.t.Helper()
	const most = 80
	for range most {
		get(w, chromedp.KeyEvent(kb.Tab))
		seen := eval[[]string](w, `(() => { const e = document.activeElement, s = getComputedStyle(e); return [e.textContent.trim(), e.name || "", e.value || "", s.outlineStyle + " " + s.outlineWidth]; })()`)
		if strings.HasPrefix(seen[3], "none") || strings.HasSuffix(seen[3], " 0px") {
			w.t.Errorf("the focus on %q can't be seen: %s", seen[:3], seen[3])
		}
		if seen[0] == what || seen[1] == what || seen[2] == what {
			return
		}
	}
	w.t.Fatalf("%s: %q can't be reached by the keyboard", w.address(), what)
}

// What looks at the pages is pinned by its hash, and comes from nowhere but
// where npm looks.
func TestDashboardCheckerIsPinned(t *testing.T) {
	t.Parallel()
	lock, err := os.ReadFile("axe/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(lock); strings.Contains(text, "resolved") || strings.Contains(text, "://") || strings.Count(text, `"integrity": "sha512-`) != 1 {
		t.Errorf("the lock file reads\n%s", text)
	}
}
