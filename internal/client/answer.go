package client

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call does a request and reads the document that it is answered with.
func call[T any](ctx context.Context, c *Client, rq *request) (T, error) {
	document, _, err := callFull[T](ctx, c, rq)
	return document, err
}

// callFull is call with the headers of the answer.
func callFull[T any](ctx context.Context, c *Client, rq *request) (document T, header http.Header, err error) {
	if rq.nameless() {
		return document, nil, noSuch(rq.path[0])
	}
	got, err := c.exchange(ctx, rq)
	if err != nil {
		return document, nil, err
	}
	if got.status < 200 || got.status > 299 {
		return document, nil, c.refusal(got)
	}
	if rq.needs == "" && got.status == http.StatusNoContent {
		return document, got.header, nil
	}
	if rq.needs == "" || !got.has(rq.needs) || json.Unmarshal(got.body, &document) != nil {
		return document, nil, c.foreign(got)
	}
	return document, got.header, nil
}

// do is call for requests whose answer has no body, and says so: whoever
// answers anything with a page did nothing of the kind.
func (c *Client) do(ctx context.Context, rq *request) error {
	_, err := call[struct{}](ctx, c, rq)
	return err
}

// has reports whether the answer is a JSON object with a member.
func (a *answer) has(member string) bool {
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil || media != mediaJSON {
		return false
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(a.body, &members) != nil {
		return false
	}
	_, there := members[member]
	return there
}

// refusal is the error that the API answered with, as it was there.
func (c *Client) refusal(got *answer) error {
	var said struct {
		Error struct {
			Code           problem.Code `json:"code"`
			Message        string       `json:"message"`
			Param          string       `json:"param"`
			RequestID      string       `json:"request_id"`
			RequiredScopes []string     `json:"required_scopes"`
			MissingScopes  []string     `json:"missing_scopes"`
		} `json:"error"`
	}
	if !got.has("error") || json.Unmarshal(got.body, &said) != nil || said.Error.Code == "" {
		return c.foreign(got)
	}
	refused := &manage.Error{Problem: problem.Problem{
		Code: said.Error.Code, Message: said.Error.Message, Param: said.Error.Param, RequestID: said.Error.RequestID,
		RequiredScopes: said.Error.RequiredScopes, MissingScopes: said.Error.MissingScopes,
		RetryAfter: got.retryAfter(),
	}}
	if elsewhere(said.Error.Code, said.Error.Message) {
		return fmt.Errorf("%w Is %s the address of keystile_admin?", refused, c.base)
	}
	return refused
}

// elsewhere tells refusals that only come where no management API is: of a
// gate, and of a path that isn't there, where no key or token is missing.
func elsewhere(code problem.Code, message string) bool {
	row := code.Row()
	return row.Parts&problem.Management == 0 || code == problem.NotFound && (message == row.Message || message == manage.NoSuchPath)
}

// noSuch is what the API would say of a name that no path can hold.
func noSuch(collection string) error {
	what := strings.TrimSuffix(collection, "s")
	return &manage.Error{Problem: problem.Problem{Code: problem.NotFound, Message: "There is no such " + what + " here."}}
}

// foreign says that whoever answered isn't the management API, as far as that
// can be told.
func (c *Client) foreign(got *answer) error {
	status := fmt.Sprintf("%d %s", got.status, http.StatusText(got.status))
	switch {
	case got.status >= 300 && got.status < 400:
		return fmt.Errorf("%s redirects%s: name the address that it is at in the end", c.base, target(got.header))
	case got.status == http.StatusUnauthorized || got.status == http.StatusProxyAuthRequired:
		return fmt.Errorf("%s asks for other credentials than a management token (%s): is this the address of keystile_admin?", c.base, status)
	case got.status == http.StatusBadRequest && c.base.Scheme == "http":
		return fmt.Errorf("%s answered %s: should the address start with https://?", c.base, status)
	case got.status == http.StatusTooManyRequests || got.status >= 500:
		return fmt.Errorf("%s answered %s", c.base, status)
	}
	return fmt.Errorf("%s doesn't answer as the management API does (%s): is this the address of keystile_admin?", c.base, status)
}

// target is the scheme and the host that a redirect leads to: its path may
// hold anything.
func target(header http.Header) string {
	to, err := url.Parse(header.Get("Location"))
	if err != nil || to.Host == "" {
		return ""
	}
	return " to " + to.Scheme + "://" + to.Host
}
