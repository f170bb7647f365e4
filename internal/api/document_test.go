package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// described is one call of the document.
type described struct {
	method, path string
	success      int
	statuses     map[int]bool
}

// operations are the calls of the golden document, by operationId.
func operations(t *testing.T) map[string]described {
	t.Helper()
	calls, err := theOperations()
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

var theOperations = sync.OnceValues(func() (map[string]described, error) {
	text, err := os.ReadFile(filepath.Join("testdata", "openapi.json.golden"))
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			Responses   map[string]any
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	out := map[string]described{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			d := described{method: strings.ToUpper(method), path: path, statuses: map[int]bool{}}
			for text := range op.Responses {
				status, err := strconv.Atoi(text)
				if err != nil {
					return nil, fmt.Errorf("%s answers %q", op.OperationID, text)
				}
				d.statuses[status] = true
				if status < 300 {
					d.success = max(d.success, status) // where there is a repeat, it answers 200
				}
			}
			out[op.OperationID] = d
		}
	}
	return out, nil
})

// server is the API behind a real socket.
type server struct {
	*httptest.Server
	token string
}

func (f *fixture) listen(t *testing.T) *server {
	t.Helper()
	s := &server{httptest.NewServer(f), f.token}
	t.Cleanup(s.Close)
	return s
}

func (s *server) try(method, target, body string) (response, error) {
	r, err := http.NewRequest(method, s.URL+target, strings.NewReader(body))
	if err != nil {
		return response{}, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	got, err := s.Client().Do(r)
	if err != nil {
		return response{}, fmt.Errorf("exchange: %w", err)
	}
	return readResponse(got)
}

func (s *server) send(t *testing.T, method, target string) response {
	t.Helper()
	got, err := s.try(method, target, "")
	if err != nil {
		t.Fatal(err)
	}
	return got
}
