package caddymodule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// fault is what validation finds wrong with one part of a configuration.
type fault struct {
	path string // of the part within the JSON, such as routes/3/any_of
	err  error
}

func faultf(path, format string, args ...any) error {
	return &fault{path: path, err: fmt.Errorf(format, args...)}
}

// Error names the part by its path, for who has no Caddyfile.
func (f *fault) Error() string { return f.path + ": " + f.err.Error() }

func (f *fault) Unwrap() error { return f.err }

// marks says which token of a Caddyfile set the part of a configuration that is
// at a path.
type marks map[string]caddyfile.Token

// locate gives a fault the file and the line that its part comes from.
func (m marks) locate(err error) error {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return err
	}
	path := f.path
	token, marked := m[path]
	for !marked && path != "" {
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
		token, marked = m[path]
	}
	d := caddyfile.NewDispenser([]caddyfile.Token{token})
	d.Next()
	return d.WrapErr(f.err)
}
