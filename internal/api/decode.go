package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"

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
		if json.Unmarshal(value, field.Addr().Interface()) != nil {
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
		fields[name] = i
	}
	return fields
}

// describe says what a field takes.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list of strings"
	case reflect.Map:
		return "an object with strings as values"
	}
	return "of another type"
}

// maxNameable is shorter than any secret that we make.
const maxNameable = 24

// nameable is a field's name as far as it may be repeated: a short identifier.
func nameable(name string) string {
	if len(name) > maxNameable {
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
