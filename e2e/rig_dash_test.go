package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// wantText checks that an element says all of this.
func wantText(w *window, selector string, says ...string) {
	w.t.Helper()
	text := w.text(selector)
	for _, one := range says {
		if !strings.Contains(text, one) {
			w.t.Fatalf("at %s: %q isn't said here:\n%s", w.address(), one, text)
		}
	}
}

func wantStatus(t testing.TB, what string, got response, status int) {
	t.Helper()
	if got.status != status {
		t.Errorf("%s: answered %v, want %d", what, got, status)
	}
}

func wantCode(t testing.TB, got response, status int, code string) {
	t.Helper()
	if got.status != status || got.code() != code {
		t.Errorf("answered %v, want %d %s", got, status, code)
	}
}

// reload loads the page anew.
func reload(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	return chromedp.Reload()(ctx, t)
}
