package api

import (
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// newRegistry makes schemas from our types. A member of an edit is described
// as what it holds, or null.
func newRegistry() huma.Registry {
	registry := huma.NewMapRegistry(schemas, huma.DefaultSchemaNamer)
	asNullable[string](registry)
	asNullable[[]string](registry)
	asNullable[map[string]string](registry)
	asNullable[keys.Status](registry)
	asNullable[any](registry)
	return registry
}

func asNullable[T any](registry huma.Registry) {
	registry.RegisterTypeAlias(reflect.TypeFor[manage.Field[T]](), reflect.TypeFor[orNull[T]]())
}

// orNull describes a T, or null.
type orNull[T any] struct{}

// Schema implements huma.SchemaProvider.
func (orNull[T]) Schema(r huma.Registry) *huma.Schema {
	schema := huma.SchemaFromType(r, reflect.TypeFor[T]())
	schema.Nullable = true
	return schema
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
