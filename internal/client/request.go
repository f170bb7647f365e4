package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

const mediaJSON = "application/json"

// request is one call of the API.
type request struct {
	method string
	path   []string // below /v1/
	query  url.Values
	body   any // sent as JSON; nil: none
	header http.Header
	// needs names a member that every answer of this call has; empty: it has
	// no body.
	needs string
	// repeatable: doing it twice is the same as doing it once.
	repeatable bool
	longer     time.Duration // that it may take beyond patience
}

// ask starts a request that is about a call's workspace.
func ask(call manage.Call, method, needs string, path ...string) *request {
	rq := &request{
		method: method, path: path, query: url.Values{}, header: http.Header{}, needs: needs,
		repeatable: method == http.MethodGet,
	}
	rq.filter("workspace", call.Workspace)
	return rq
}

// filter adds a parameter to the query, unless it is empty.
func (rq *request) filter(name, value string) *request {
	if value != "" {
		rq.query.Set(name, value)
	}
	return rq
}

// once makes a create happen once, however often it is sent.
func (rq *request) once(call manage.Call) *request {
	key := call.IdempotencyKey
	if key == "" {
		key = rand.Text()
	}
	rq.header.Set(manage.IdempotencyKeyHeader, key)
	rq.repeatable = true
	return rq
}

func (rq *request) with(body any) *request {
	rq.body = body
	return rq
}

// url is where the request goes. Each part of the path is one segment,
// whatever characters it has.
func (rq *request) url(base *url.URL) *url.URL {
	plain, escaped := base.Path+"/v1", base.EscapedPath()+"/v1"
	for _, segment := range rq.path {
		plain += "/" + segment
		escaped += "/" + url.PathEscape(segment)
	}
	to := *base
	to.Path, to.RawPath, to.RawQuery = plain, escaped, rq.query.Encode()
	return &to
}

// send sends a request once, and reads the whole answer.
func (c *Client) send(ctx context.Context, rq *request) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience+rq.longer)
	defer cancel()
	out, err := c.write(ctx, rq)
	if err != nil {
		return nil, err
	}
	in, err := c.http.Do(out)
	if err != nil {
		return nil, c.unreached(ctx, rq, err)
	}
	defer func() { _ = in.Body.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(in.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.unreached(ctx, rq, err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer of %s is larger than %d MiB", c.base, maxAnswer>>20)
	}
	return &answer{status: in.StatusCode, header: in.Header, body: body}, nil
}

// write makes the request as it goes over the wire.
func (c *Client) write(ctx context.Context, rq *request) (*http.Request, error) {
	var body io.Reader
	if rq.body != nil {
		text, err := json.Marshal(rq.body)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	out, err := http.NewRequestWithContext(ctx, rq.method, c.base.String(), body)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	out.URL, out.Header = rq.url(c.base), rq.header.Clone()
	out.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	out.Header.Set("Accept", mediaJSON)
	out.Header.Set("User-Agent", c.userAgent)
	if rq.body != nil {
		out.Header.Set("Content-Type", mediaJSON)
	}
	return out, nil
}

// nameless reports whether the path holds a name that can't be a segment of
// one, and so is nobody's.
func (rq *request) nameless() bool {
	return slices.ContainsFunc(rq.path, func(name string) bool { return name == "" || name == "." || name == ".." })
}
