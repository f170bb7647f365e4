package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// decode reads a JSON object into the struct that into points to. It names the
// field that is wrong, and refuses fields that it doesn't know and fields that
// stand twice; encoding/json would pass over both. What the client sent is
// never repeated: it may be a secret in the wrong place.
func decode(body []byte, into any) error {
	if !utf8.Valid(body) || !json.Valid(body) {
		return refusal(problem.InvalidJSON, "", "")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return refusal(problem.InvalidJSON, "", "The body must be a JSON object.")
	}
	target := reflect.ValueOf(into).Elem()
	fields, seen := fieldsOf(target.Type()), map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		name, isName := token.(string)
		var value json.RawMessage
		if err != nil || !isName || dec.Decode(&value) != nil {
			return refusal(problem.InvalidJSON, "", "")
		}
		index, known := fields[name]
		switch {
		case !known:
			return refusal(problem.InvalidRequest, nameable(name), "The body has a field that isn't known here.")
		case seen[name]:
			return refusal(problem.InvalidRequest, name, name+" is given more than once.")
		}
		seen[name] = true
		field := target.Field(index)
		if !oneReading(value) || json.Unmarshal(value, field.Addr().Interface()) != nil {
			return refusal(problem.InvalidRequest, name, name+" must be "+describe(field.Type())+".")
		}
	}
	return nil
}

// fieldsOf maps the JSON names of a struct's fields to their places.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "-" {
			fields[name] = i
		}
	}
	return fields
}

// oneReading reports whether all readers of JSON take the same from a valid
// value: no object within it has a name twice, and no null stands in a list or
// an object, where encoding/json leaves an empty string.
func oneReading(value json.RawMessage) bool {
	dec := json.NewDecoder(bytes.NewReader(value))
	var open []map[string]bool // names of each object that is open; nil for a list
	named := false             // a name was read, and its value comes next
	for {
		token, err := dec.Token()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		in := len(open) - 1
		switch name, isText := token.(string); {
		case token == json.Delim('}'), token == json.Delim(']'):
			open, named = open[:in], false
			continue
		case in >= 0 && open[in] != nil && !named:
			if !isText || open[in][name] {
				return false
			}
			open[in][name], named = true, true
			continue
		case token == nil && in >= 0:
			return false
		}
		named = false
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		}
	}
}

// describe says what a field takes.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Pointer:
		return describe(t.Elem())
	case reflect.Slice:
		return "a list of strings"
	case reflect.Map:
		return "an object with strings as values"
	case reflect.Struct:
		if value, edits := valueOf(t); edits {
			return describe(value) + ", or null"
		}
	}
	return "of another type"
}

// valueOf is the type that a manage.Field holds.
func valueOf(t reflect.Type) (reflect.Type, bool) {
	value, ok := t.FieldByName("Value")
	return value.Type, ok && t.PkgPath() == fieldPackage && strings.HasPrefix(t.Name(), "Field[")
}

var fieldPackage = reflect.TypeFor[manage.Field[string]]().PkgPath()

// nameable is a field's name as far as it may be repeated: a short identifier.
func nameable(name string) string {
	if !keys.Harmless(name) {
		return ""
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') {
			return ""
		}
	}
	return name
}
