package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keystile/keystile/internal/manage"
)

// tag groups routes by what they are about: the path's second segment.
func (row *route) tag() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(row.path, "/v1/"), "/")
	return name
}

func parametersOf(row *route) []*huma.Param {
	var params []*huma.Param
	if name := row.param(); name != "" {
		params = append(params, &huma.Param{Name: name, In: "path", Required: true, Schema: textOf(1, 0)})
	}
	for _, p := range row.query {
		params = append(params, &huma.Param{Name: p.name, In: "query", Description: p.about, Schema: p.schema()})
	}
	const about = "The workspace, for an operator's token; default unless stated."
	params = append(params,
		&huma.Param{Name: workspaceQuery, In: "query", Description: about, Schema: textOf(0, 0)},
		&huma.Param{Name: workspaceHeader, In: "header", Description: about, Schema: textOf(0, 0)})
	return append(params, conditionsOf(row)...)
}

func (p *parameter) schema() *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString, Enum: p.oneOf}
	if p.kind != "" {
		schema.Type = p.kind
	}
	if p.max > 0 {
		least, most := float64(p.min), float64(p.max)
		schema.Minimum, schema.Maximum = &least, &most
	}
	return schema
}

func conditionsOf(row *route) (params []*huma.Param) {
	header := func(name, about string, schema *huma.Schema) {
		params = append(params, &huma.Param{Name: name, In: "header", Description: about, Schema: schema})
	}
	if row.once {
		header(manage.IdempotencyKeyHeader, "Makes the call happen once, however often it is repeated within 24 hours: the repeat answers 200 with what was made then, without its secret, and another body is refused.", textOf(1, 255))
	}
	if row.ifMatch {
		header(matchHeader, "The ETag that the key must still have.", textOf(0, 0))
	}
	if row.ifNoneMatch {
		header(noneMatchHeader, "An ETag that the client has; the answer is "+http.StatusText(http.StatusNotModified)+" where it still holds.", textOf(0, 0))
	}
	return params
}

// textOf is a string of so many characters; 0: no bound.
func textOf(least, most int) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString}
	if least > 0 {
		schema.MinLength = &least
	}
	if most > 0 {
		schema.MaxLength = &most
	}
	return schema
}
