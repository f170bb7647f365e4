package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

// wideTables writes one of each list, as wide as they come.
func wideTables(p *page) {
	const name = "a name that is as long as a name may be, which is a hundred characters, no less and no more, up to here"
	id := "key_" + strings.Repeat("x", 22)
	key := manage.KeyView{
		ID: "key_" + "xxxxxxxxxxxxxxxxxxxxxx", Name: name, Hint: "ks_live_abc…wxyz", Environment: "live", Status: "inactive",
		CreatedAt: hour(1), CreatedBy: "somebody with a long name", LastUsedAt: ptr(hour(2000)),
	}
	listKeys(p, manage.Page[manage.KeyView]{Data: []manage.KeyView{key}})
	listTokens(p, []manage.TokenView{{ID: "tok_" + id[4:], Name: "日本語の名前" + name, Hint: "kst_abc…wxyz", CreatedAt: hour(3), CreatedBy: name}})
	listAudit(p, manage.Page[manage.AuditView]{Data: []manage.AuditView{{
		Time: hour(20), Actor: "token:" + name + " (tok_" + id[4:] + ")", Action: "key.reactivate", KeyID: key.ID, Reason: name,
	}}})
	showCalls(p, manage.ActivityView{Data: []manage.CallView{{
		Time: hour(0), Method: "DELETE", Route: "GET,POST /v1/projects/{project}/*", Status: 429, Outcome: "environment_not_allowed", Client: "2001:db8::8a2e:370:7334",
	}}})
	showUsage(p, manage.UsageView{Total: 7, Data: []manage.UsageRow{{Endpoint: ptr("GET,POST,PUT,PATCH /v1/" + name), Calls: 7}}})
}

func TestTablesFitTheTerminalAndNeverCutAnID(t *testing.T) {
	t.Parallel()
	for width := 60; width <= 300; width += 7 {
		p := &page{now: start, width: width}
		wideTables(p)
		for line := range strings.Lines(p.out.String()) {
			if n := textWidth(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns for a width of %d: %s", n, width, line)
			}
		}
		if got := strings.Count(p.out.String(), "_"+strings.Repeat("x", 22)); got < 3 {
			t.Errorf("%d whole IDs at a width of %d, want 3:\n%s", got, width, p.out.String())
		}
	}
}

func TestTablesTellLessWhereThereIsLessRoom(t *testing.T) {
	t.Parallel()
	for _, width := range []int{0, 160, 120, 80, 60, 20} {
		p := &page{now: start, width: width}
		wideTables(p)
		goldenText(t, fmt.Sprintf("tables_%d", width), p.out.String())
	}
}

func TestTextIsAsWideAsATerminalShowsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "äöü": 3, "日本": 4, "e\u0301": 1, "a\u200bb": 2, "🔑": 2, "ｗ": 2, "한국": 4} {
		if got := textWidth(text); got != want {
			t.Errorf("%q is %d wide, want %d", text, got, want)
		}
	}
	for most, want := range map[int]string{9: "日本語 abc", 8: "日本語…", 7: "日本語…", 6: "日本…", 1: "…"} {
		if got := cutText("日本語 abc", most+1); most == 9 && got != want {
			t.Errorf("cut to %q", got)
		} else if got := cutText("日本語 abc", most); most < 9 && got != want {
			t.Errorf("cut to %d: %q, want %q", most, got, want)
		}
	}
}

func TestFilesAndPipesHaveNoWidth(t *testing.T) {
	t.Setenv("COLUMNS", "")
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	nobody, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	for name, stream := range map[string]any{"a file": file, "the null device": nobody, "a buffer": &strings.Builder{}} {
		if got := widthOf(stream); got != 0 {
			t.Errorf("%s is %d wide", name, got)
		}
	}
	t.Setenv("COLUMNS", "77")
	if got := widthOf(file); got != 77 {
		t.Errorf("COLUMNS is read as %d", got)
	}
	for _, odd := range []string{"-1", "0", "many"} {
		t.Setenv("COLUMNS", odd)
		if got := widthOf(file); got != 0 {
			t.Errorf("COLUMNS=%s is read as %d", odd, got)
		}
	}
}
