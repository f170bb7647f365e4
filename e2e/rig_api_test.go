package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
)

// office is a gate's management API, and a token for it.
type office struct {
	*gate
	at    string // address
	token string
}

// withOffice adds a site with the management API to a gate's options.
func withOffice(t testing.TB, o options) (_ options, at string) {
	t.Helper()
	at = freeAddr(t)
	o.sites += fmt.Sprintf("\nhttp://%s {\n\tbind 127.0.0.1\n\tkeystile_admin\n}\n", at)
	return o, at
}

// setupOffice starts a gate with a management API.
func setupOffice(t testing.TB, o options) *office {
	t.Helper()
	o, at := withOffice(t, o)
	return openOffice(setup(t, o), at)
}

// openOffice makes a token for a gate's management API.
func openOffice(g *gate, at string) *office {
	g.t.Helper()
	var made key
	g.must(&made, "tokens", "create", "a token")
	g.secret(made.Secret)
	o := &office{gate: g, at: at, token: made.Secret}
	o.awaitOpen()
	return o
}

// start is the gate's, and waits for the API, too.
func (o *office) start() {
	o.t.Helper()
	o.gate.start()
	o.awaitOpen()
}

func (o *office) awaitOpen() {
	o.t.Helper()
	eventually(o.t, startWithin, "the management API takes connections", func() bool { return accepts(o.at) })
}

// manage calls the API, with a body where there is one, on a connection of its
// own. It may be called from any goroutine.
func (o *office) manage(method, path, body string) (response, error) {
	return exchange(o.at, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		method, path, o.at, bearer(o.token), len(body), body))
}

var errRefused = errors.New("the API refused")

// create makes a key over the API; errRefused where that was answered with
// anything but success.
func (o *office) create(name string) (made key, got response, err error) {
	if got, err = o.manage(http.MethodPost, "/v1/keys", fmt.Sprintf(`{"name":%q}`, name)); err != nil {
		return made, got, err
	}
	if got.status != http.StatusCreated {
		return made, got, fmt.Errorf("create a key: %w: %v", errRefused, got)
	}
	if err := json.Unmarshal([]byte(got.body), &made); err != nil {
		return made, got, fmt.Errorf("create a key: %w", err)
	}
	o.secret(made.Secret)
	return made, got, nil
}

// revoke ends a key over the API.
func (o *office) revoke(id string) (response, error) {
	got, err := o.manage(http.MethodPost, "/v1/keys/"+id+"/revoke", "")
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("revoke a key: %w: %v", errRefused, got)
	}
	return got, err
}
