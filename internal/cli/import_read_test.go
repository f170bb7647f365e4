package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/manage"
)

// read returns each row as "line: what it holds", or "line! its fault".
func read(t testing.TB, text string) (format string, rows []string) {
	t.Helper()
	source, err := readImport(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	for row, err := range source.rows {
		if err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		rows = append(rows, told(&row))
	}
	return source.format, rows
}

func told(row *manage.ImportRow) string {
	if row.Fault != "" {
		return fmt.Sprintf("%d! %s", row.Line, row.Fault)
	}
	var parts []string
	for name, text := range map[string]string{
		"1secret": row.Secret.Reveal(), "2digest": row.Digest, "3algorithm": row.Algorithm, "4name": row.Ask.Name, "5description": row.Ask.Description,
		"6environment": string(row.Ask.Environment), "7scopes": strings.Join(row.Ask.Scopes, "|"), "8kind": string(row.Ask.Kind),
		"9project": row.Ask.Project, "Aowner": row.Ask.Owner, "Bexpires_at": row.Ask.ExpiresAt, "Cprofile": row.Ask.Profile,
	} {
		if text != "" {
			parts = append(parts, name+"="+text)
		}
	}
	for name, text := range row.Ask.Metadata {
		parts = append(parts, "Dmetadata."+name+"="+text)
	}
	slices.Sort(parts)
	for i := range parts {
		parts[i] = parts[i][1:]
	}
	return fmt.Sprintf("%d: %s", row.Line, strings.Join(parts, " "))
}

func TestCSVIsReadAsItsWritersMeantIt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"no rows":        {"name,digest", nil},
		"every column":   {"secret,digest,algorithm,name,description,environment,scopes,kind,project,owner,expires_at,profile,metadata\ns,d,a,n,de,e, s1  s2 ,k,p,o,x,pr,\"{\"\"a\"\":\"\"b\"\"}\"\n", []string{"2: secret=s digest=d algorithm=a name=n description=de environment=e scopes=s1|s2 kind=k project=p owner=o expires_at=x profile=pr metadata.a=b"}},
		"another order":  {" Digest ,NAME\nd1,n1\n", []string{"2: digest=d1 name=n1"}},
		"spaces":         {"secret,digest,name,description\n s , d , n , t \n", []string{"2: secret= s  digest=d name= n  description= t "}},
		"CRLF and a BOM": {"\xef\xbb\xbfname,digest\r\nn1,d1\r\nn2,d2", []string{"2: digest=d1 name=n1", "3: digest=d2 name=n2"}},
		"blank lines":    {"\n \nname,digest\n\n\nn1,d1\n\r\n\nn2,d2\n\n", []string{"6: digest=d1 name=n1", "9: digest=d2 name=n2"}},
		"quotes":         {"name,digest\n\"a, \"\"b\"\"\",\"d\n1\"\nn2,d2", []string{"2: digest=d\n1 name=a, \"b\"", "4: digest=d2 name=n2"}},
		"cells":          {"name,digest\nn1\nn2,d2,\nn3,d3", []string{"2! The row has 1 cell, and the header 2.", "3! The row has 3 cells, and the header 2.", "4: digest=d3 name=n3"}},
		"a bare quote":   {"name,digest\nn\"1,d1\nn2,d2", []string{"2! A cell holds a quote and isn't quoted: such a cell stands in quotes, and each quote in it twice.", "3: digest=d2 name=n2"}},
		"behind a quote": {"name,digest\n\"n\"1,d1\nn2,d2", []string{"2! A quote in the row has no end, or text behind it: each quote in a cell stands twice.", "3: digest=d2 name=n2"}},
		"an open quote":  {"name,digest\nn1,d1\nn2,\"d2\nn3,d3\nn4,d4\n", []string{"2: digest=d1 name=n1", "3! A quote in the row has no end, or text behind it: it was read down to line 5."}},
		"no metadata":    {"digest,metadata\nd1,{}\nd2,7\nd3,null\nd4,\"{\"\"a\"\":1}\"\n", []string{"2: digest=d1", "3! metadata must be a JSON object whose values are texts.", "4! metadata must be a JSON object whose values are texts.", "5! metadata must be a JSON object whose values are texts."}},
	} {
		format, got := read(t, tt.text)
		if diff := cmp.Diff(tt.want, got); diff != "" || format != formatCSV {
			t.Errorf("%s, %s (-want +got):\n%s", name, format, diff)
		}
	}
}

func TestJSONLinesAreReadMemberByMember(t *testing.T) {
	t.Parallel()
	const unknown = "Member 2 is none that is known; known are: secret, digest, algorithm, name, description, environment, scopes, kind, project, owner, expires_at, profile, metadata."
	for text, want := range map[string]string{
		`{}`: "1: ",
		`{"name":"n","digest":" d ","scopes":" a b ","metadata":{"x":"y"},"kind":null,"owner":""}`: "1: digest=d name=n scopes=a|b metadata.x=y",
		`{"scopes":["a","b"],"metadata":"{\"x\":\"y\"}"}`:                                          "1: scopes=a|b metadata.x=y",
		`{"name":"\u00e4\"\n"}`:                 "1: name=ä\"\n",
		`{"scopes":[]}`:                         "1: ",
		`{"scopes":["a b"]}`:                    "1! scopes must be a text, or a list of words.",
		`{"scopes":["a",""]}`:                   "1! scopes must be a text, or a list of words.",
		`{"scopes":["a",null]}`:                 "1! scopes must be a text, or a list of words.",
		`{"scopes":["a",1]}`:                    "1! scopes must be a text, or a list of words.",
		`{"name":7}`:                            "1! name must be a text.",
		`{"name":["a"]}`:                        "1! name must be a text.",
		`{"secret":{"a":"b"}}`:                  "1! secret must be a text.",
		`{"digest":true}`:                       "1! digest must be a text.",
		`{"metadata":{"a":1}}`:                  "1! metadata must be a JSON object whose values are texts.",
		`{"metadata":[]}`:                       "1! metadata must be a text.",
		`{"name":"n","` + theExample + `":"x"}`: "1! " + unknown,
		`{"name":"n","Name":"x"}`:               "1! " + unknown,
		`{"name":"n","name":"x"}`:               "1! Member 2, name, stands there twice.",
		`{"name":"n"`:                           "1! The line is not one JSON object.",
		`{"name":"n"} {}`:                       "1! The line is not one JSON object.",
		`{"name":"n"},`:                         "1! The line is not one JSON object.",
		`{"name"}`:                              "1! The line is not one JSON object.",
		`{name:"n"}`:                            "1! The line is not one JSON object.",
		`{"name":"n",}`:                         "1! The line is not one JSON object.",
		`{"name":"` + "\xff" + `"}`:             "1! The line is not valid UTF-8.",
		`{"name":` + strings.Repeat("[", 20000): "1! The line is not one JSON object.",
	} {
		format, got := read(t, text)
		if len(got) != 1 || got[0] != want || format != formatJSONL {
			t.Errorf("%.80q, %s: %q, want %q", text, format, got, want)
		}
	}
	_, got := read(t, "\xef\xbb\xbf\n  \n{\"name\":\"n1\"}\r\n\t\nname,digest\n[]\n\"x\"\nnull\n{\"name\":\"n2\"}")
	const none = "! The line is not one JSON object."
	if diff := cmp.Diff([]string{"3: name=n1", "5" + none, "6" + none, "7" + none, "8" + none, "9: name=n2"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRowBeyondAllBoundsIsRefusedAndNotHeldInMemory(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3<<20)
	const fault = "! The row is longer than 1048576 bytes: "
	_, got := read(t, "{\"name\":\"n1\"}\n{\"name\":\""+long+"\"}\n{\"name\":\"n3\"}\n")
	if diff := cmp.Diff([]string{"1: name=n1", "2" + fault + "it was passed over.", "3: name=n3"}, got); diff != "" {
		t.Errorf("JSON lines (-want +got):\n%s", diff)
	}
	_, got = read(t, "{\"name\":\"n1\"}\n{"+long)
	if diff := cmp.Diff([]string{"1: name=n1", "2" + fault + "it was passed over."}, got); diff != "" {
		t.Errorf("JSON lines, the last one (-want +got):\n%s", diff)
	}
	_, got = read(t, "name,digest\nn1,d1\nn2,"+long+"\nn3,d3\n")
	if diff := cmp.Diff([]string{"2: digest=d1 name=n1", "3" + fault + "nothing behind it was read."}, got); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	_, got = read(t, "name,digest\nn1,d1\nn2,\""+strings.Repeat("forged,row\n", 1<<18)+"n3,d3\n")
	if diff := cmp.Diff([]string{"2: digest=d1 name=n1", "3" + fault + "a quote in it has no end, perhaps; nothing behind it was read."}, got); diff != "" {
		t.Errorf("CSV, quoted (-want +got):\n%s", diff)
	}
	_, got = read(t, "name,digest\nn1,d1\n"+strings.Repeat("\n", 3<<20)+"n2,d2\n")
	if diff := cmp.Diff([]string{"2: digest=d1 name=n1", fmt.Sprintf("%d: digest=d2 name=n2", 3+3<<20)}, got); diff != "" {
		t.Errorf("CSV, blank (-want +got):\n%s", diff)
	}
}

func TestFaultOfTheFileIsNoRow(t *testing.T) {
	t.Parallel()
	onFire := errors.New("disk on fire")
	for _, text := range []string{"name,digest\nn1,d1\n", "{\"name\":\"n1\"}\n"} {
		source, err := readImport(io.MultiReader(strings.NewReader(text), iotest.ErrReader(onFire)))
		if err != nil {
			t.Fatal(err)
		}
		var rows int
		var last error
		for row, err := range source.rows {
			if last = err; err == nil && row.Fault == "" {
				rows++
			}
		}
		if rows != 1 || !errors.Is(last, onFire) {
			t.Errorf("%q: %d rows, then %v", text, rows, last)
		}
	}
	if _, err := readImport(iotest.ErrReader(onFire)); !errors.Is(err, onFire) {
		t.Errorf("at once: %v", err)
	}
}
