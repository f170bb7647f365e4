package api_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/errors"
)

// A validator that nobody here wrote, of the golden document.
var theDocument = sync.OnceValues(func() (validator.Validator, error) {
	text, err := os.ReadFile(filepath.Join("testdata", "openapi.json.golden"))
	if err != nil {
		return nil, err
	}
	doc, err := libopenapi.NewDocument([]byte(strings.Replace(string(text), `"url": ".."`, `"url": "/"`, 1)))
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// validating lets one answer after the other be validated: the validator isn't
// made for several at once.
var validating sync.Mutex

func validate(t *testing.T) validator.Validator {
	t.Helper()
	v, err := theDocument()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheDocumentIsOpenAPI31(t *testing.T) {
	t.Parallel()
	validating.Lock()
	defer validating.Unlock()
	if ok, errs := validate(t).ValidateDocument(); !ok {
		t.Error(told(errs))
	}
}

func told(errs []*errors.ValidationError) string {
	var lines []string
	for _, err := range errs {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

// wantAsDocumented holds an answer to the document: its status is one that the
// call has, and the body is of the schema that belongs to it. What isn't in the
// document is refused, and that is tested elsewhere.
func wantAsDocumented(t *testing.T, r *http.Request, got response) {
	t.Helper()
	call, listed := describedBy(t, r)
	if !listed {
		return
	}
	if !call.statuses[got.StatusCode] {
		t.Errorf("%s %s answers %d, which the document doesn't have", r.Method, r.URL, got.StatusCode)
	}
	again := *got.Response
	again.Body = io.NopCloser(strings.NewReader(got.text))
	validating.Lock()
	ok, errs := validate(t).ValidateHttpResponse(r, &again)
	validating.Unlock()
	if !ok {
		t.Errorf("%s %s: %d %s: %s", r.Method, r.URL, got.StatusCode, got.text, told(errs))
	}
}

// describedBy is the call of the document that a request is for.
func describedBy(t *testing.T, r *http.Request) (described, bool) {
	t.Helper()
	var best described
	for _, call := range operations(t) {
		// A path without a wildcard goes before one with.
		if r.Method == call.method && fits(call.path, r.URL.EscapedPath()) && (best.path == "" || !strings.Contains(call.path, "{")) {
			best = call
		}
	}
	return best, best.path != ""
}

func fits(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	return len(want) == len(got) && slices.EqualFunc(want, got, func(a, b string) bool {
		return a == b || strings.HasPrefix(a, "{") && b != ""
	})
}
