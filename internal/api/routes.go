package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/problem"
)

// route is one call: what it is, and what the OpenAPI document says of it.
type route struct {
	method, path string
	id           string // operationId
	summary      string
	about        string // what the summary leaves open
	query        []parameter
	status       int // of success

	once        bool // it takes an Idempotency-Key
	ifMatch     bool // it takes an If-Match
	ifNoneMatch bool // it takes an If-None-Match
	located     bool // its answer has a Location
	tagged      bool // its answer has an ETag

	// refusals are the codes that not every call has.
	refusals []problem.Code
	operation
}

// param is the name of the path's wildcard; empty where it has none.
func (row *route) param() string {
	_, rest, _ := strings.Cut(row.path, "{")
	name, _, _ := strings.Cut(rest, "}")
	return name
}

// parameter is one of the query.
type parameter struct {
	name, about string
	oneOf       []any
	kind        string // as OpenAPI names types; empty: string
	min, max    int    // of a number
}

// routes is the table that both the handler and the document read.
func (c Config) routes() []route {
	rows := slices.Concat(keyRoutes, endingRoutes, recordRoutes, tokenRoutes, workspaceRoutes, catalogueRoutes)
	if c.Verify != nil {
		rows = append(rows, verifyRoute(c.Verify))
	}
	if c.Inspect != nil {
		rows = append(rows, inspectRoutes(c.Inspect)...)
	}
	return rows
}

// documentRoute serves the OpenAPI document. It isn't in it.
func documentRoute(document json.RawMessage) route {
	return route{
		method: http.MethodGet, path: "/v1/openapi.json", status: http.StatusOK,
		operation: call(func(*request) (json.RawMessage, error) { return document, nil }),
	}
}

// pages are the parameters of lists that have pages.
var pages = []parameter{
	{name: "limit", about: "How many; 100 unless stated.", kind: "integer", min: 1, max: 1000},
	{name: "cursor", about: "next_cursor of the page before."},
}
