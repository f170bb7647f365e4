package target_test

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/target"
)

// reader is one way in which a program may read a path; ok is false where it
// would refuse it.
type reader struct {
	name string
	read func(path string) (read string, ok bool)
}

var readers = []reader{
	{"as it stands", func(p string) (string, bool) { return p, true }},
	{"decoded", decode},
	{"backslashes as slashes", func(p string) (string, bool) { return strings.ReplaceAll(p, `\`, "/"), true }},
	{"without parameters", func(p string) (string, bool) {
		segments := strings.Split(p, "/")
		for i, s := range segments {
			segments[i], _, _ = strings.Cut(s, ";")
		}
		return strings.Join(segments, "/"), true
	}},
	{"cleaned", func(p string) (string, bool) {
		if p != "/" && strings.HasSuffix(p, "/") {
			return path.Clean(p) + "/", true
		}
		return path.Clean(p), true
	}},
	{"up to a query or fragment", func(p string) (string, bool) {
		if i := strings.IndexAny(p, "?#"); i >= 0 {
			p = p[:i]
		}
		return p, true
	}},
	{"up to a NUL", func(p string) (string, bool) { head, _, _ := strings.Cut(p, "\x00"); return head, true }},
}

func decode(p string) (string, bool) {
	text, err := url.PathUnescape(p)
	return text, err == nil
}

// readings calls check with what every chain of up to three readers makes of a
// path.
func readings(p string, check func(read, how string)) {
	var chain func(p, how string, left int)
	chain = func(p, how string, left int) {
		check(p, how)
		if left == 0 {
			return
		}
		for _, r := range readers {
			if read, ok := r.read(p); ok {
				chain(read, how+", "+r.name, left-1)
			}
		}
	}
	chain(p, "sent", 3)
}

// names are a path's segments, each decoded and without its parameters.
func names(p string) []string {
	segments := strings.Split(p, "/")
	for i, s := range segments {
		if text, ok := decode(s); ok {
			s = text
		}
		segments[i], _, _ = strings.Cut(s, ";")
	}
	return segments
}

func addSeeds(f *testing.F) {
	for _, attack := range ambiguous {
		for _, uri := range attack.targets {
			f.Add(uri)
		}
	}
	for _, p := range []string{"/", "/v1/%61dmin", "/100%25/x", "/a%25;2e", "/a%252;e", "/%25;/2e", "/a;..;/b", "/a.%2e", "/v1%2f%2E%2e%3b", "/a%3b%2f.."} {
		f.Add(p)
	}
}

func FuzzAPlainPathHasTheSameSegmentsForEveryReader(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, p string) {
		if !target.Plain(p) {
			return
		}
		want := names(p)
		readings(p, func(read, how string) {
			if got := names(read); !slices.Equal(got, want) {
				t.Errorf("%q read %s is %q: segments %q, not %q", p, how, read, got, want)
			}
		})
	})
}

func FuzzNoReaderFindsADotSegmentInALoosePath(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, p string) {
		if !target.Loose(p) {
			return
		}
		readings(p, func(read, how string) {
			for _, s := range strings.Split(read, "/") {
				if s == "." || s == ".." || strings.ContainsAny(s, "\x00\r\n") {
					t.Errorf("%q read %s is %q", p, how, read)
				}
			}
		})
	})
}

// A path that is plain is plain for loose routes, too: opting in takes nothing
// away.
func FuzzPlainPathsAreLoosePaths(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, p string) {
		if target.Plain(p) && !target.Loose(p) {
			t.Errorf("%q is plain, but refused under paths loose", p)
		}
	})
}
