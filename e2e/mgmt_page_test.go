package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pageCall is one call of docs/api.md.
type pageCall struct {
	id, does string
	command  string
	status   string
}

var pageCalls = regexp.MustCompile("(?s)\n## ([a-z-]+)\n\n`([A-Z]+ [^`]+)`.*?```sh\n(.*?)```\n\n```http\nHTTP/1.1 (\\d+)")

func readAPIPage(t *testing.T) (calls []pageCall) {
	t.Helper()
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range pageCalls.FindAllStringSubmatch(string(text), -1) {
		calls = append(calls, pageCall{found[1], found[2], found[3], found[4]})
	}
	return calls
}

// awaitedCall is described and answers nothing yet: no gate notes the latest
// calls.
const awaitedCall = "key-activity"

// Each curl command of docs/api.md is run by a shell, on a gate that has been
// used, and is answered with the status that stands below it.
func TestTheExamplesOfTheAPIPageRun(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl here to run the examples with")
	}
	d := setupDesk(t, options{app: "scope read \"Read\"\nplan free {\n max_keys 50\n}\nplan big {\n}\ndefault_plan free"}, "/manage")
	for i, call := range readAPIPage(t) {
		if call.id == awaitedCall {
			continue
		}
		made := d.newKey(`"scopes":["read"]`)
		if call.id == "reactivate-key" {
			d.read(nil, http.StatusOK, http.MethodPatch, "/v1/keys/"+made.ID, `{"status":"inactive"}`)
		}
		name := fmt.Sprintf("example-%d", i)
		var token key
		d.read(&token, http.StatusCreated, http.MethodPost, "/v1/tokens", `{"name":"an example"}`)
		d.secret(token.Secret)
		for _, list := range []string{"projects", "profiles", "workspaces"} {
			d.read(nil, http.StatusCreated, http.MethodPost, "/v1/"+list, `{"name":"`+name+`"}`)
		}
		cmd := exec.Command("sh", "-c", `curl() { command curl -sS -w '\n%{http_code}' "$@"; }`+"\n"+call.command)
		cmd.Env = append(os.Environ(), "KEYSTILE_API=http://"+d.at+d.mount, "KEYSTILE_TOKEN="+d.credential,
			"KEY="+made.ID, "TOKEN="+token.ID, "PROJECT="+name, "PROFILE="+name, "WORKSPACE="+name)
		out, err := cmd.CombinedOutput()
		end := bytes.LastIndexByte(out, '\n')
		if err != nil || string(out[end+1:]) != call.status {
			t.Errorf("%s: %v: %s\n%s", call.id, err, out, call.command)
		}
		var secret struct{ Secret string }
		if json.Unmarshal(out[:max(0, end)], &secret) == nil && secret.Secret != "" {
			d.secret(secret.Secret)
		}
	}
}

func TestTheAPIPageHasEveryCallThatIsServed(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	d.read(&doc, http.StatusOK, http.MethodGet, "/v1/openapi.json", "")
	var served, described []string
	for path, methods := range doc.Paths {
		for method, call := range methods {
			served = append(served, strings.ToUpper(method)+" "+path+" "+call.OperationID)
		}
	}
	for _, call := range readAPIPage(t) {
		described = append(described, call.does+" "+call.id)
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served are %q, and docs/api.md has %q", served, described)
	}
}
