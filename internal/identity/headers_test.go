package identity_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/identity"
	"github.com/keystile/keystile/internal/keys"
)

func TestEveryIdentityHeaderIsAlwaysThere(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	identity.Anonymous.Set(h, "", "", "")
	want := http.Header{}
	for name := range own {
		want[name] = []string{""}
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("HDR-02 (-want +got):\n%s", diff)
	}
	for name := range h {
		if name != http.CanonicalHeaderKey(name) {
			t.Errorf("%s is not canonical: nobody would find it", name)
		}
	}
}

func TestARoutesProjectTakesThePlaceOfTheKeys(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	k := setup()
	identity.HeadersOf(k).Set(h, k.ID, k.Owner, "voyager ä")
	want := own.Clone()
	want["Keystile-Project"] = []string{"voyager %C3%A4"}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHandlersCantChangeWhatTheNextRequestSaysOfItsKey(t *testing.T) {
	t.Parallel()
	k := setup()
	headers := identity.HeadersOf(k)
	first := http.Header{}
	headers.Set(first, k.ID, k.Owner, "")
	for name := range first {
		first[name] = append(first[name], "more")
	}
	for name := range own {
		if diff := cmp.Diff(append(own[name][:1:1], "more"), first[name]); diff != "" {
			t.Errorf("%s: what is added to one header reaches another (-want +got):\n%s", name, diff)
		}
		first[name][0] = "evil" // as a handler does that replaces text in headers
	}
	second := http.Header{}
	headers.Set(second, k.ID, k.Owner, "")
	if diff := cmp.Diff(own, second); diff != "" {
		t.Errorf("HDR-01 (-want +got):\n%s", diff)
	}
}

func TestNamesAreOneHeaderLineEachWhateverTheyHold(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"HDR-11 line break":  "a\r\nKeystile-Scopes: all\r\n\r\nGET /x HTTP/1.1",
		"HDR-11 non-ASCII":   "Café 日本 \u202e",
		"HDR-11 4 KB":        strings.Repeat("ä", 2048),
		"HDR-11 NUL and DEL": "a\x00b\x7f",
		"HDR-11 not UTF-8":   "a\xff\xfe",
		"HDR-11 blanks":      "  a\tb ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			identity.HeadersOf(&keys.Key{Project: text, Workspace: text, Profile: text, Scopes: []string{text, text}}).Set(h, keys.ID(text), text, text)
			if lines := written(t, h); len(lines) != len(own) {
				t.Errorf("%d lines: %q", len(lines), lines)
			}
			if got, err := url.PathUnescape(h.Get(identity.HeaderOwner)); err != nil || got != text {
				t.Errorf("the upstream reads %q, %v", got, err)
			}
		})
	}
}

func TestPlainNamesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "ann": "ann", "Ann Lee": "Ann Lee", "a,b;c=\"d\"": "a,b;c=\"d\"", "50%": "50%25", " ": "%20", " a b ": "%20a b%20", "%41": "%2541", "~!": "~!",
	} {
		if got := identity.Encode(text); got != want {
			t.Errorf("Encode(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzWhatIsEncodedIsVisibleASCIIAndReadsBack(f *testing.F) {
	for _, text := range []string{"", " ", "a b", "%", "%41", "ä\r\n", "\x00\xff", " a ", "Keystile: x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value := identity.Encode(text)
		for i := range len(value) {
			if value[i] < ' ' || value[i] > '~' {
				t.Fatalf("Encode(%q) = %q holds byte %#x", text, value, value[i])
			}
		}
		if strings.TrimSpace(value) != value {
			t.Errorf("Encode(%q) = %q has blanks at an end, which a reader drops", text, value)
		}
		if back, err := url.PathUnescape(value); err != nil || back != text {
			t.Errorf("Encode(%q) = %q reads back as %q, %v", text, value, back, err)
		}
	})
}

func BenchmarkSet(b *testing.B) {
	k := setup()
	headers, h := identity.HeadersOf(k), http.Header{}
	b.ReportAllocs()
	for b.Loop() {
		headers.Set(h, k.ID, k.Owner, "")
	}
}
