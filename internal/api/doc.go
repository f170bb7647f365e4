// Package api serves administration over HTTP: the calls of manage.Service
// under /v1/, with management tokens, and the OpenAPI document of them. It
// decodes and answers; the rules are those of manage.
package api

//go:generate go test -run TestTheAPIPageIsCurrent . -update
