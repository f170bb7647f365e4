package main

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// page is where the lines stand, from here.
const page = "../../docs/attacks.md"

func TestEachLineOfThePageIsInTheNameOfATest(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := read(string(text))
	if err != nil {
		t.Fatal(err)
	}
	tests, err := testsIn(os.DirFS("../.."), idsOf(lines))
	if err != nil {
		t.Fatal(err)
	}
	bearing := map[string]bool{}
	for _, one := range tests {
		for _, id := range one.ids {
			bearing[id] = true
		}
	}
	for _, l := range lines {
		if !bearing[l.id] {
			t.Errorf("no test bears the ID %s (%s): name one, or a subtest, by it", l.id, l.text)
		}
		delete(bearing, l.id)
	}
	for id := range bearing {
		t.Errorf("tests bear the ID %s, which docs/attacks.md doesn't have", id)
	}
}

const source = `package a

import "testing"

var table = map[string]string{"DOOR-01 in a table": "", "not DOOR-02": ""}

func TestTable(t *testing.T) {
	for name := range table {
		t.Run(name, func(t *testing.T) { t.Error("ROAD-01 is a message") })
	}
}

func TestROAD02DOOR03Named(t *testing.T) {}

func TestHelped(t *testing.T) { f{}.help(t, "DOOR-04 DOOR-05 two") }

func TestNothing(t *testing.T) { wantIt(t, "ROAD-03 is a message, too"); t.Log("DOOR-011", TestTable) }

type f struct{}

func (f) help(t *testing.T, name string) { t.Run(" ROAD-04 "+name, nil) }

func wantIt(t *testing.T, text string) {}
`

func TestIDsAreFoundInNamesOfTestsAndNowhereElse(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"a/a_test.go": {Data: []byte(source)}}
	for _, unseen := range []string{"a/testdata/a_test.go", "other/deep/a_test.go", ".hidden/a_test.go", "a/a.go"} {
		files[unseen] = &fstest.MapFile{Data: []byte(source)}
	}
	files["other/go.mod"] = &fstest.MapFile{}
	got, err := testsIn(files, idsOf([]line{{id: "DOOR-01"}, {id: "ROAD-01"}}))
	want := []test{
		{"a", "TestHelped", []string{"DOOR-04", "DOOR-05", "ROAD-04"}},
		{"a", "TestROAD02DOOR03Named", []string{"DOOR-03", "ROAD-02"}},
		{"a", "TestTable", []string{"DOOR-01"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(test{})); diff != "" || err != nil {
		t.Errorf("(-want +got): %s%v", diff, err)
	}
	if names, dirs := pattern(got), packages(got); names != "^(TestHelped|TestROAD02DOOR03Named|TestTable)$" || len(dirs) != 1 || dirs[0] != "./a" {
		t.Errorf("go test -run %s %v", names, dirs)
	}
}
