package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium is one browser without a window, which all tests share. Each has
// windows and cookies of its own in it. It reaches nothing but this machine.
type chromium struct {
	ctx context.Context
	end func()
	dir string
}

var startChromium = sync.OnceValues(func() (*chromium, error) {
	dir, err := os.MkdirTemp("", "keystile-chromium-")
	if err != nil {
		return nil, err
	}
	flags := append([]chromedp.ExecAllocatorOption{}, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.UserDataDir(dir), chromedp.IgnoreCertErrors, chromedp.WSURLReadTimeout(time.Minute))
	for name, value := range map[string]any{
		"disable-quic": true, "disable-background-networking": true, "disable-component-update": true, "disable-sync": true,
		"disable-default-apps": true, "disable-extensions": true, "mute-audio": true, "hide-scrollbars": true,
		"host-resolver-rules": "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost", "force-color-profile": "srgb",
	} {
		flags = append(flags, chromedp.Flag(name, value))
	}
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, cancel := chromedp.NewContext(allocator)
	c := &chromium{ctx: ctx, dir: dir, end: func() { cancel(); endAllocator() }}
	if _, err := chromedp.Run(ctx, chromedp.Title()); err != nil {
		c.close()
		return nil, fmt.Errorf("start Chromium (make toolchain installs it): %w", err)
	}
	running.Store(c)
	return c, nil
})

var running atomicChromium

// close ends the browser, if it was started.
func (c *chromium) close() {
	if c == nil {
		return
	}
	c.end()
	_ = os.RemoveAll(c.dir) // of no use any more, but of no harm either
}

// looks say how a window differs from a light one on a desk.
type looks struct {
	dark     bool
	phone    bool
	noScript bool
	wide     int64 // in CSS pixels; 0: 1280
	tall     int64 // 0: 900
}

// window is one window, with cookies of its own.
type window struct {
	t   testing.TB
	ctx context.Context
	at  string // what paths are relative to, such as http://127.0.0.1:8081
}

const windowWithin = 30 * time.Second // for all of one step

// openWindow opens one, and closes it at the end of the test.
func openWindow(t testing.TB, at string, l looks) *window {
	t.Helper()
	c, err := startChromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	w := &window{t: t, ctx: ctx, at: at}
	if _, err := chromedp.Run(ctx, chromedp.Title()); err != nil { // the window lives as long as this context
		t.Fatal(err)
	}
	tell(w, network.Enable, network.EnableParams{})
	w.look(l)
	return w
}

// look changes how the window looks from the next page on.
func (w *window) look(l looks) {
	w.t.Helper()
	scheme, width, height := "light", max(l.wide, 1280*b2i(l.wide == 0)), max(l.tall, 900*b2i(l.tall == 0))
	if l.dark {
		scheme = "dark"
	}
	if l.phone {
		width, height = 390, 844
	}
	tell(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	tell(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: l.phone})
	tell(w, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: l.noScript})
}

func b2i(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// tell has the browser run a command of its protocol.
func tell[P, R any](w *window, command cdp.Command[P, R], with P) R {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, windowWithin)
	defer cancel()
	answer, err := chromedp.Call(ctx, command, with)
	if err != nil {
		w.t.Fatalf("in the browser: %v", err)
	}
	return answer
}

// get runs an action, and returns what it found.
func get[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, windowWithin)
	defer cancel()
	found, err := chromedp.Run(ctx, action)
	if err != nil {
		w.t.Fatalf("in the browser: %v", err)
	}
	return found
}

// follow runs what leads to another page, and returns how that was answered.
func (w *window) follow(step chromedp.Action[chromedp.Void]) *network.Response {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, windowWithin)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		w.t.Fatalf("in the browser, at %s: %v", w.address(), err)
	}
	return answer
}

// open asks for a page.
func (w *window) open(path string) *network.Response {
	w.t.Helper()
	return w.follow(chromedp.Navigate(w.at + path))
}

// click follows a link or sends a form, by a CSS selector.
func (w *window) click(selector string) *network.Response {
	w.t.Helper()
	return w.follow(chromedp.Click(chromedp.CSS(selector)))
}

// press follows the link or button of that text.
func (w *window) press(text string) *network.Response {
	w.t.Helper()
	return w.follow(chromedp.Click(chromedp.Search(`//*[(self::a or self::button) and normalize-space()="` + text + `"]`)))
}

// fill puts a text into a field that may hold one.
func (w *window) fill(selector, text string) {
	w.t.Helper()
	get(w, chromedp.SetValue(chromedp.CSS(selector), text))
}

// tick clicks what leads to no other page.
func (w *window) tick(selector string) {
	w.t.Helper()
	get(w, chromedp.Click(chromedp.CSS(selector)))
}

// text is what is to be read of an element.
func (w *window) text(selector string) string {
	w.t.Helper()
	return strings.TrimSpace(get(w, chromedp.Text(chromedp.CSS(selector))))
}

// eval is what an expression of JavaScript is on the page.
func eval[T any](w *window, expression string) T {
	w.t.Helper()
	return get(w, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// has reports whether an element is on the page.
func (w *window) has(selector string) bool {
	w.t.Helper()
	return eval[bool](w, fmt.Sprintf("document.querySelector(%q) !== null", selector))
}

// page is the text of the whole page, as it is to be read.
func (w *window) page() string {
	w.t.Helper()
	return eval[string](w, "document.body.innerText")
}

// source is the page as the browser has it now.
func (w *window) source() string {
	w.t.Helper()
	return eval[string](w, "document.documentElement.outerHTML")
}

func (w *window) address() string {
	w.t.Helper()
	return get(w, chromedp.Location())
}

// back goes back in the history, where a page may come from memory.
func (w *window) back() {
	w.t.Helper()
	from := w.address()
	eval[any](w, "void history.back()")
	eventually(w.t, windowWithin, "the page before is there", func() bool {
		return w.address() != from && eval[string](w, "document.readyState") == "complete"
	})
}

func (w *window) cookies() []*network.Cookie {
	w.t.Helper()
	return tell(w, network.GetCookies, network.GetCookiesParams{URLs: []string{w.at}}).Cookies
}

// grant lets pages use the clipboard.
func (w *window) grant() {
	w.t.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(w.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
			Origin: w.at, BrowserContextID: chromedp.FromContext(w.ctx).BrowserContextID,
		})
		if err != nil {
			w.t.Fatalf("let pages use the clipboard: %v", err)
		}
	}
}

// shoot saves the whole page as a picture.
func (w *window) shoot(path string) {
	w.t.Helper()
	w.save(path, get(w, chromedp.FullScreenshot(100)))
}

// snap saves what can be seen of the page without scrolling.
func (w *window) snap(path string) {
	w.t.Helper()
	w.save(path, get(w, chromedp.CaptureScreenshot()))
}

func (w *window) save(path string, picture []byte) {
	w.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, picture, 0o644)); err != nil {
		w.t.Fatal(err)
	}
}

// signIn begins a session with a token.
func (w *window) signIn(token string) {
	w.t.Helper()
	w.open("/sign-in")
	w.fill("#token", token)
	if got := w.press("Sign in"); got.Status != http.StatusOK {
		w.t.Fatalf("signing in was answered with %d:\n%s", got.Status, w.page())
	}
}
