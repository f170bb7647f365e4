package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// example is a folder of examples/, running: its Caddyfile as it is, but for
// addresses, and for where keys and limits are kept.
type example struct {
	*gate
	mgmt         string    // address of its management API
	testUpstream *upstream // that of test keys, where the example has one
	operator     principal
}

func setupExample(t *testing.T, name string) *example {
	t.Helper()
	e := &example{gate: prepare(t, options{}), mgmt: freeAddr(t), testUpstream: newUpstream(t, answerOK)}
	text, err := os.ReadFile(filepath.Join("..", "examples", name, "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	e.write(e.filled(string(text)))
	e.start()
	var token key
	e.must(&token, "tokens", "create", "tests", "--all-workspaces")
	e.operator = e.principal(token.Secret)
	return e
}

// variable is one of a Caddyfile, with its default.
var variable = regexp.MustCompile(`\{\$([A-Z_]+)(:[^}]*)?\}`)

// filled is a Caddyfile of an example with this gate's addresses.
func (e *example) filled(caddyfile string) string {
	values := map[string]string{
		"LISTEN": "http://" + e.addr, "ADMIN": "http://" + e.mgmt, "DATA": "DATA",
		"UPSTREAM": e.upstream.addr, "TEST_UPSTREAM": e.testUpstream.addr,
	}
	caddyfile = variable.ReplaceAllStringFunc(caddyfile, func(text string) string {
		value, known := values[variable.FindStringSubmatch(text)[1]]
		if !known {
			e.t.Errorf("the example has a variable that nobody sets: %s", text)
		}
		return value
	})
	const store = "\t\tstore sqlite DATA\n"
	if !strings.Contains(caddyfile, store) {
		e.t.Fatalf("the example doesn't say %q", store)
	}
	return strings.NewReplacer(
		store, e.expand(e.options.storeLine()+"\n"+e.options.limiterLine()+"\n"),
		"\n{\n", "\n{\n\tadmin "+e.admin+"\n\tpersist_config off\n",
	).Replace(caddyfile)
}

// principal is somebody who speaks to the management API.
type principal struct {
	e      *example
	secret string
}

func (e *example) principal(secret string) principal {
	e.secret(secret)
	return principal{e, secret}
}

// document is a JSON object.
type document map[string]any

// text is a member that is a string; empty where it is none.
func (d document) text(name string) string {
	text, _ := d[name].(string)
	return text
}

// rows are the members of a page.
func (d document) rows() (rows []document) {
	data, _ := d["data"].([]any)
	for _, row := range data {
		if object, ok := row.(map[string]any); ok {
			rows = append(rows, object)
		}
	}
	return rows
}

// code is that of a refusal; empty where it is none.
func (d document) code() string {
	refusal, _ := d["error"].(map[string]any)
	return document(refusal).text("code")
}

// time is a member that is a time.
func (d document) time(name string) time.Time {
	at, _ := time.Parse(time.RFC3339, d.text(name))
	return at
}

// do makes one call of the management API. Secrets that it answers with may
// stand in no log.
func (c principal) do(method, path string, body document) (int, document) {
	c.e.t.Helper()
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			c.e.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), exchangeWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.e.mgmt+path, &sent)
	if err != nil {
		c.e.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if c.secret != "" {
		r.Header.Set("Authorization", "Bearer "+c.secret)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		c.e.t.Fatal(err)
	}
	defer got.Body.Close()
	var answer document
	if got.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(got.Body).Decode(&answer); err != nil {
			c.e.t.Fatalf("%s %s: %d: %v", method, path, got.StatusCode, err)
		}
	}
	c.e.secret(answer.text("secret"))
	return got.StatusCode, answer
}

// made is do for creates that can't fail.
func (c principal) made(path string, body document) document {
	c.e.t.Helper()
	status, answer := c.do(http.MethodPost, path, body)
	if status != http.StatusCreated {
		c.e.t.Fatalf("POST %s %v: %d %v", path, body, status, answer)
	}
	return answer
}

// wants fails the test unless a call has the status, and the code where one is
// named.
func (c principal) wants(status int, code, method, path string, body document) document {
	c.e.t.Helper()
	got, answer := c.do(method, path, body)
	if got != status || answer.code() != code {
		c.e.t.Errorf("%s %s %v: %d %v, want %d %s", method, path, body, got, answer, status, code)
	}
	return answer
}

// calls sends one request through the gate and wants its status and code.
func (e *example) calls(method, target, secret string, status int, code string) {
	e.t.Helper()
	var lines []string
	if secret != "" {
		lines = append(lines, bearer(secret))
	}
	if got := e.ask(method, target, lines...); got.status != status || got.code() != code {
		e.t.Errorf("%s %s: %s, want %d %s", method, target, got, status, code)
	}
}
