package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/problem"
)

const apiPage = "../../docs/api.md"

func TestTheAPIPageIsCurrent(t *testing.T) {
	t.Parallel()
	want := renderAPIPage(t)
	if *update {
		if err := os.WriteFile(apiPage, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(apiPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/api.md is stale: run `make docs` (-want +got):\n%s", diff)
	}
}

// page is the page on its way, with a document and an API to run examples on.
type page struct {
	bytes.Buffer
	spec spec
}

// spec is what the page takes from the OpenAPI document.
type spec struct {
	Paths      map[string]map[string]specCall
	Components struct{ Schemas map[string]specSchema }
}

type specCall struct {
	OperationID, Summary, Description string
	Parameters                        []specParam
	RequestBody                       struct {
		Content map[string]struct{ Schema specSchema }
	}
	Responses map[string]struct{ Description string }
}

type specParam struct {
	Name, In, Description string
	Schema                specSchema
}

type specSchema struct {
	Ref         string `json:"$ref"`
	Type        any
	Description string
	Enum        []string
	Properties  map[string]specSchema
	Required    []string
}

func renderAPIPage(t *testing.T) []byte {
	t.Helper()
	head, err := os.ReadFile("testdata/page.md")
	if err != nil {
		t.Fatal(err)
	}
	p := &page{}
	p.Write(head)
	f, _ := setupFake(t)
	if err := json.Unmarshal([]byte(f.do(t, "GET", "/v1/openapi.json", "").text), &p.spec); err != nil {
		t.Fatal(err)
	}
	calls := operations(t)
	for id := range calls {
		if !slices.ContainsFunc(pageExamples, func(e pageExample) bool { return e.id == id }) {
			t.Errorf("there is no example of %s: add one to pageExamples", id)
		}
	}
	p.index(calls)
	for _, example := range pageExamples {
		call := calls[example.id]
		p.call(call, p.spec.Paths[call.path][strings.ToLower(call.method)])
		p.example(t, example.request, example.show)
	}
	p.matrix(t)
	return append(bytes.TrimRight(p.Bytes(), "\n"), '\n')
}

func (p *page) index(calls map[string]described) {
	p.WriteString("\n## Calls\n\n| call | does |\n|---|---|\n")
	for _, example := range pageExamples {
		call := calls[example.id]
		summary := p.spec.Paths[call.path][strings.ToLower(call.method)].Summary
		fmt.Fprintf(p, "| [`%s %s`](#%s) | %s |\n", call.method, call.path, example.id, summary)
	}
}

// call describes a call: what it takes, and what it is refused with.
func (p *page) call(at described, call specCall) {
	fmt.Fprintf(p, "\n## %s\n\n`%s %s`: %s.\n", call.OperationID, at.method, at.path, call.Summary)
	if call.Description != "" {
		p.WriteString(call.Description + "\n")
	}
	var rows []string
	for _, param := range call.Parameters {
		if param.In == "query" && param.Name != "workspace" {
			rows = append(rows, row("?"+param.Name, param.Schema, param.Description, false))
		}
	}
	for _, content := range call.RequestBody.Content {
		schema := p.spec.Components.Schemas[strings.TrimPrefix(content.Schema.Ref, "#/components/schemas/")]
		for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
			rows = append(rows, row(name, schema.Properties[name], schema.Properties[name].Description, slices.Contains(schema.Required, name)))
		}
	}
	if len(rows) > 0 {
		p.WriteString("\n| takes | | |\n|---|---|---|\n" + strings.Join(rows, ""))
	}
	p.refusals(call)
}

func row(name string, schema specSchema, about string, needed bool) string {
	kind := strings.Trim(fmt.Sprint(schema.Type), "[]")
	if len(schema.Enum) > 0 {
		kind = "`" + strings.Join(schema.Enum, "`, `") + "`"
	}
	kind = strings.NewReplacer(" null", " or null", "array", "list").Replace(kind)
	if needed {
		about = strings.TrimSpace("Needed. " + about)
	}
	return fmt.Sprintf("| `%s` | %s | %s |\n", name, kind, about)
}

// refusals links the codes that not every call has.
func (p *page) refusals(call specCall) {
	var codes []string
	for _, one := range problem.All() {
		answer := call.Responses[fmt.Sprint(one.Status)]
		if one.Code != problem.InvalidRequest && strings.Contains(answer.Description, "`"+string(one.Code)+"`") {
			codes = append(codes, fmt.Sprintf("%d [`%s`](errors.md#%s)", one.Status, one.Code, one.Code))
		}
	}
	if len(codes) > 0 {
		p.WriteString("\nRefused with " + strings.Join(codes, ", ") + ".\n")
	}
}

// matrix shows the golden table of who may do what.
func (p *page) matrix(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	p.WriteString("\n## Who may do what\n\nA *key* lacks `manage:api-keys`, and a *manager key* has it, with `read`; a *project key* has both, within a project that is not the one\nasked about; a *stranger* is a token of another workspace.\n\n```text\n")
	p.Write(text)
	p.WriteString("```\n")
}
