package usage_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

func TestAnOutlineKeepsWordsAndNothingElse(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/":                                     "/",
		"":                                      "/",
		"/v1/projects":                          "/v1/projects",
		"/v1/projects/":                         "/v1/projects/",
		"/v2.1/export-all/data_file.json":       "/v2.1/export-all/data_file.json",
		"/v1/projects/1234/keys":                "/v1/projects/{}/keys",
		"/v1/users/ann@example.com":             "/v1/users/{}",
		"/v1/%61nn":                             "/v1/{}",
		"/a/ks_live_0123456789ABCDEFGHIJKLMNOP": "/a/{}",
		"/a/" + strings.Repeat("x", 33):         "/a/{}",
		"/a/b/c/d/e/f/g/h":                      "/a/b/c/d/e/f/…",
	} {
		if got := usage.Outline(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

var outlined = regexp.MustCompile(`^(/([A-Za-z0-9._-]{0,32}|\{\}|…))+$`)

func FuzzAnOutlineIsShortAndPlain(f *testing.F) {
	f.Add("/v1/projects/1234?x")
	f.Add("//\x00/é/…")
	f.Fuzz(func(t *testing.T, path string) {
		got := usage.Outline(path)
		if len(got) > 6*33+len("/…") || !outlined.MatchString(got) {
			t.Errorf("%q: %q", path, got)
		}
	})
}

func TestWhatNoRouteListsIsCountedInBoundedMemoryAndIsNobodysUse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	u := b.Unlisted()
	gate := usage.NewLabel(":443")
	const words, calls = 150, 3
	for range calls {
		for i := range words {
			u.Count(noon, gate, "GET", "/"+strings.Repeat("x", i%30)+string(rune('a'+i/30)), "route_not_allowed")
		}
	}
	u.Count(noon.Add(time.Hour), gate, "GET", "/later", "allowed")
	b.flush(t, nil)
	sums := map[string]int64{}
	for _, c := range b.store.data.cells {
		if c.KeyID != storage.UnlistedID || !c.Denied || c.Cost != 0 || c.Project != ":443" {
			t.Errorf("counted as %+v", c)
		}
		sums[fmt.Sprint(c.Endpoint, " ", c.Outcome)] += c.Count
	}
	if got := sums[usage.OtherEndpoint+" route_not_allowed"]; len(sums) != 102 || got != calls*(words-100) {
		t.Errorf("%d sums, and %d others", len(sums), got)
	}
	if sums["GET /later allowed"] != 1 {
		t.Error("there is no room in the next hour")
	}
	if noted := b.store.noted(); len(noted) > 0 {
		t.Errorf("noted: %v", noted)
	}
}
