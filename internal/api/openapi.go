package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

const (
	bearerScheme = "token"
	components   = "#/components/"
	schemas      = components + "schemas/"
)

// document is an OpenAPI document that is being put together.
type document struct {
	*huma.OpenAPI
	registry huma.Registry
	refusal  *huma.Schema // as application/json
	details  *huma.Schema // as application/problem+json
}

// openAPI describes routes as OpenAPI 3.1. Only huma's model of that document
// is used, with the schemas that it derives from our types: its own decoding
// would repeat what the client sent in errors of another shape.
func openAPI(rows []route, version string) (json.RawMessage, error) {
	registry := newRegistry()
	doc := &document{registry: registry, OpenAPI: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Keystile management API", Version: version,
			Description: "Keys, and what belongs to them. Every call needs a management token, or an API key that holds `manage:api-keys`.",
		},
		Servers: []*huma.Server{{URL: "..", Description: "Where this document's /v1/ is mounted."}},
		Components: &huma.Components{
			Schemas:   registry,
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{bearerScheme: {
				Type: "http", Scheme: "bearer", Description: "A management token, kst_…, or an API key that holds `manage:api-keys`.",
			}},
		},
		Security: []map[string][]string{{bearerScheme: {}}},
	}}
	doc.describeRefusals()
	for i := range rows {
		doc.AddOperation(doc.operation(&rows[i]))
	}
	openAnswers(registry, rows)
	out, err := json.Marshal(doc.OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return out, nil
}

func (d *document) operation(row *route) *huma.Operation {
	op := &huma.Operation{
		Method: row.method, Path: row.path, OperationID: row.id, Summary: row.summary, Description: row.about,
		Tags: []string{row.tag()}, Parameters: parametersOf(row), Responses: d.refusalsOf(row),
	}
	op.Responses[strconv.Itoa(row.status)] = d.success(row, row.status)
	if row.once {
		op.Responses[strconv.Itoa(http.StatusOK)] = d.success(row, http.StatusOK)
	}
	if row.ifNoneMatch {
		op.Responses[strconv.Itoa(http.StatusNotModified)] = &huma.Response{
			Description: "The client has it already.", Headers: map[string]*huma.Header{"ETag": textHeader("As it was sent.")},
		}
	}
	if row.body != nil {
		op.RequestBody = &huma.RequestBody{Required: !row.optional, Content: content(d.registry.Schema(row.body, true, row.id))}
	}
	return op
}

// success is the answer of a call that did what it says. Where the route takes
// an idempotency key, 200 is the repeat's.
func (d *document) success(row *route, status int) *huma.Response {
	out := &huma.Response{Description: http.StatusText(status), Headers: map[string]*huma.Header{}}
	if row.result != nil {
		out.Content = content(d.registry.Schema(row.result, true, row.id))
	}
	if row.located {
		out.Headers["Location"] = textHeader("Where it is, relative to the server.")
	}
	if row.tagged {
		out.Headers["ETag"] = textHeader("For If-Match.")
	}
	if row.once && status == http.StatusOK {
		out.Description = "An earlier call with the same Idempotency-Key made it. Its secret was shown then."
		out.Headers["Idempotent-Replayed"] = textHeader("true")
	}
	return out
}

func textHeader(about string) *huma.Header {
	return &huma.Header{Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
}

func content(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{mediaJSON: {Schema: schema}}
}
