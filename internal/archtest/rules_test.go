package archtest

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// sample is a small module and where a rule must find fault with it.
type sample struct {
	rule  func(fstest.MapFS) rule
	files map[string]string
	want  []string // path:line of each finding, in order; none: the sample is good
}

func always(r rule) func(fstest.MapFS) rule { return func(fstest.MapFS) rule { return r } }

func (s sample) run(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"go.mod": {Data: []byte("module m\n\ngo 1.26.0\n")}}
	for name, text := range s.files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	loaded, err := load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.rule(fsys).check(loaded) {
		got = append(got, fmt.Sprintf("%s:%d", f.path, f.line))
		if what, todo, ok := strings.Cut(f.text, ": "); !ok || what == "" || todo == "" {
			t.Errorf("%q doesn't say both what is wrong and what to do", f.text)
		}
	}
	if diff := cmp.Diff(s.want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestEveryRuleFindsWhatItForbids(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, group := range []map[string]sample{importSamples, callSamples, sizeSamples, documentSamples} {
		for name, s := range group {
			t.Run(name, s.run)
			if len(s.want) > 0 {
				covered[s.rule(fstest.MapFS{}).name] = true
			}
		}
	}
	for _, r := range rules(fstest.MapFS{}) {
		if !covered[r.name] {
			t.Errorf("no bad sample shows that this rule can fail: %s", r.name)
		}
	}
}

func TestSourceThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := load(fstest.MapFS{"a/a.go": {Data: []byte("package")}}); err == nil {
		t.Error("a file that isn't Go was passed over")
	}
}

func TestFindingReadsAsACompilerWouldSayIt(t *testing.T) {
	t.Parallel()
	if got := (finding{"a/b.go", 12, "wrong: mend it"}).String(); got != "a/b.go:12: wrong: mend it" {
		t.Error(got)
	}
}
