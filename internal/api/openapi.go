package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keystile/keystile/internal/problem"
)

const (
	bearerScheme = "token"
	schemas      = "#/components/schemas/"
)

// openAPI describes routes as OpenAPI 3.1. Only huma's model of that document
// is used, with the schemas that it derives from our types: its own decoding
// would repeat what the client sent in errors of another shape.
func openAPI(rows []route, version string) (json.RawMessage, error) {
	registry := huma.NewMapRegistry(schemas, huma.DefaultSchemaNamer)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "Keystile management API", Version: version},
		Servers: []*huma.Server{{URL: "..", Description: "Where this document's /v1/ is mounted."}},
		Components: &huma.Components{
			Schemas:         registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{bearerScheme: {Type: "http", Scheme: "bearer"}},
		},
		Security: []map[string][]string{{bearerScheme: {}}},
	}
	refused := errorSchema(registry)
	for i := range rows {
		doc.AddOperation(describeRoute(&rows[i], registry, refused))
	}
	openAnswers(registry, rows)
	out, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return out, nil
}

// openAnswers lets answers grow: only what we read is closed to unknown fields.
func openAnswers(registry huma.Registry, rows []route) {
	for name, schema := range registry.Map() {
		of := registry.TypeFromRef(schemas + name)
		if !slices.ContainsFunc(rows, func(row route) bool { return row.body == of }) {
			schema.AdditionalProperties = nil
		}
	}
}

func describeRoute(row *route, registry huma.Registry, refused *huma.Schema) *huma.Operation {
	op := &huma.Operation{
		Method: row.method, Path: row.path, OperationID: row.id, Summary: row.summary,
		Parameters: parametersOf(row),
		Responses: map[string]*huma.Response{
			strconv.Itoa(row.status): response(http.StatusText(row.status), registry.Schema(row.result, true, row.id)),
			"default":                response("A refusal", refused),
		},
	}
	if row.body != nil {
		op.RequestBody = &huma.RequestBody{Required: row.status == http.StatusCreated, Content: content(registry.Schema(row.body, true, row.id))}
	}
	return op
}

func parametersOf(row *route) []*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	var params []*huma.Param
	if strings.Contains(row.path, "{id}") {
		params = append(params, &huma.Param{Name: "id", In: "path", Required: true, Schema: text})
	}
	for _, p := range row.query {
		schema := &huma.Schema{Type: huma.TypeString, Enum: p.oneOf}
		if p.number {
			schema.Type = huma.TypeInteger
		}
		params = append(params, &huma.Param{Name: p.name, In: "query", Description: p.about, Schema: schema})
	}
	const about = "The workspace, for an operator's token; default unless stated."
	return append(params,
		&huma.Param{Name: workspaceQuery, In: "query", Description: about, Schema: text},
		&huma.Param{Name: workspaceHeader, In: "header", Description: about, Schema: text})
}

func response(about string, schema *huma.Schema) *huma.Response {
	return &huma.Response{Description: about, Content: content(schema)}
}

func content(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{mediaJSON: {Schema: schema}}
}

// Refusal is the body of every answer that is none of success.
type Refusal struct {
	Error RefusalBody `json:"error"`
}

// RefusalBody says what is wrong, for programs and for people.
type RefusalBody struct {
	Type           string   `json:"type"`
	Code           string   `json:"code"`
	Message        string   `json:"message"`
	Param          string   `json:"param,omitempty" doc:"The field that is wrong."`
	RequiredScopes []string `json:"required_scopes,omitempty" nullable:"false"`
	MissingScopes  []string `json:"missing_scopes,omitempty" nullable:"false"`
	RequestID      string   `json:"request_id,omitempty"`
	DocURL         string   `json:"doc_url"`
}

// errorSchema lists every code that the management API has.
func errorSchema(registry huma.Registry) *huma.Schema {
	schema := registry.Schema(reflect.TypeFor[Refusal](), true, "")
	codes := registry.Map()["RefusalBody"].Properties["code"]
	for _, row := range problem.All() {
		if row.Parts&problem.Management != 0 {
			codes.Enum = append(codes.Enum, string(row.Code))
		}
	}
	return schema
}
