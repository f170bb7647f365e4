package e2e

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// collector takes spans as an OpenTelemetry collector does: OTLP over HTTP, in
// protocol buffers.
type collector struct {
	*httptest.Server
	mu  sync.Mutex
	raw bytes.Buffer
	all []map[string]string // attributes of each span, those that are texts
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("an export to %s: %v", r.URL.Path, err)
		}
		c.take(body)
	}))
	t.Cleanup(c.Close)
	return c
}

// env has a process send its spans here, soon.
func (c *collector) env() []string {
	return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL, "OTEL_BSP_SCHEDULE_DELAY=50"}
}

// take reads an ExportTraceServiceRequest: resource_spans (1), scope_spans (2),
// spans (2), attributes (9).
func (c *collector) take(body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(body)
	for _, span := range within([][]byte{body}, 1, 2, 2) {
		attributes := map[string]string{}
		for _, one := range lengthy(span, 9) {
			name := bytes.Join(lengthy(one, 1), nil)
			attributes[string(name)] = string(bytes.Join(within([][]byte{one}, 2, 1), nil))
		}
		c.all = append(c.all, attributes)
	}
}

// span is the one of a request to a path.
func (c *collector) span(t *testing.T, path string) (found map[string]string) {
	t.Helper()
	eventually(t, startWithin, "the span of "+path+" is exported", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.IndexFunc(c.all, func(s map[string]string) bool { return s["url.path"] == path })
		if i >= 0 {
			found = c.all[i]
		}
		return i >= 0
	})
	return found
}

// exported is all that came, as it came.
func (c *collector) exported() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.raw.Bytes())
}

// count is how many spans were exported so far.
func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// within goes down into messages, field by field.
func within(messages [][]byte, path ...uint64) [][]byte {
	for _, number := range path {
		var inner [][]byte
		for _, m := range messages {
			inner = append(inner, lengthy(m, number)...)
		}
		messages = inner
	}
	return messages
}

// lengthy are a message's values under a number that have a length: texts and
// messages. What can't be read ends the message.
func lengthy(message []byte, number uint64) (found [][]byte) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return found
		}
		message = message[n:]
		size := uint64(0)
		switch tag & 7 {
		case 0:
			_, n := binary.Uvarint(message)
			size = uint64(max(n, 0))
		case 1:
			size = 8
		case 2:
			length, n := binary.Uvarint(message)
			message, size = message[max(n, 0):], length
		case 5:
			size = 4
		}
		if size > uint64(len(message)) {
			return found
		}
		if tag>>3 == number && tag&7 == 2 {
			found = append(found, message[:size])
		}
		message = message[size:]
	}
	return found
}
