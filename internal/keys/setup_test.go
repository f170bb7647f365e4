package keys_test

import (
	"errors"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// example is the whole secret that the documentation shows.
const example = "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"

// setup returns the format of an installation that configures nothing but the
// given additional prefixes.
func setup(t testing.TB, accepted ...keys.Prefix) *keys.Format {
	t.Helper()
	f, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, accepted)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func wantEnvironment(t *testing.T, f *keys.Format, text string, want keys.Environment) {
	t.Helper()
	if got, err := f.Check(text); err != nil || got != want {
		t.Errorf("Check(%q) = %q, %v; want %q", text, got, err, want)
	}
}

func wantMalformed(t *testing.T, f *keys.Format, text string) {
	t.Helper()
	if got, err := f.Check(text); !errors.Is(err, keys.ErrMalformed) || got != "" {
		t.Errorf("Check(%q) = %q, %v; want ErrMalformed", text, got, err)
	}
}
