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
	"time"
)

// pageCall is one call of docs/api.md.
type pageCall struct {
	id, does string
	command  string
	status   string
	shown    string // the body of the answer
}

var pageCalls = regexp.MustCompile("(?s)\n## ([a-z-]+)\n\n`([A-Z]+ [^`]+)`.*?```sh\n(.*?)```\n\n```http\nHTTP/1.1 (\\d+)[^`]*?\n(?:\n([^`]*))?```")

func readAPIPage(t testing.TB) (calls []pageCall) {
	t.Helper()
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range pageCalls.FindAllStringSubmatch(string(text), -1) {
		calls = append(calls, pageCall{found[1], found[2], found[3], found[4], found[5]})
	}
	return calls
}

// Each curl command of docs/api.md is run by a shell, on a gate that has been
// used, and is answered with the status and the members that stand below it.
func TestTheExamplesOfTheAPIPageRun(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{app: "scope read \"Read\"\nplan free {\n max_keys 50\n}\nplan big {\n}\ndefault_plan free\nrate_limit live 100/s", policy: "route GET /{project}/* read {\n project {project}\n any_of read\n}\nroute GET / read"}, "/manage")
	used := d.newKey(`"scopes":["read"]`)
	d.get("/", used.bearer())
	eventually(t, 10*time.Second, "the call is counted", func() bool { return d.used(used.ID).TotalCalls == 1 })
	for i, call := range readAPIPage(t) {
		cmd := exec.Command("sh", "-c", `curl() { command curl -sS -w '\n%{http_code}' "$@"; }`+"\n"+call.command)
		cmd.Env = append(os.Environ(), d.furnish(call, fmt.Sprintf("example-%d", i), used)...)
		out, err := cmd.CombinedOutput()
		end := bytes.LastIndexByte(out, '\n')
		if err != nil || string(out[end+1:]) != call.status {
			t.Errorf("%s: %v: %s\n%s", call.id, err, out, call.command)
		}
		if want, got := membersOf([]byte(call.shown)), membersOf(out[:max(0, end)]); want != nil && !slices.Equal(want, got) {
			t.Errorf("%s: the answer has the members %q, and the page shows %q", call.id, got, want)
		}
		var secret struct{ Secret string }
		if json.Unmarshal(out[:max(0, end)], &secret) == nil && secret.Secret != "" {
			d.secret(secret.Secret)
		}
	}
}

// furnish makes what an example speaks of, and names it in variables. What is
// only read about is the key that was used.
func (d desk) furnish(call pageCall, name string, used key) []string {
	d.t.Helper()
	about := used
	if !strings.HasPrefix(call.does, http.MethodGet) {
		about = d.newKey(`"scopes":["read"]`)
	}
	if call.id == "reactivate-key" {
		d.read(nil, http.StatusOK, http.MethodPatch, "/v1/keys/"+about.ID, `{"status":"inactive"}`)
	}
	var token key
	d.read(&token, http.StatusCreated, http.MethodPost, "/v1/tokens", `{"name":"an example"}`)
	d.secret(token.Secret)
	for _, list := range []string{"projects", "profiles", "workspaces"} {
		d.read(nil, http.StatusCreated, http.MethodPost, "/v1/"+list, `{"name":"`+name+`"}`)
	}
	return []string{
		"KEYSTILE_API=http://" + d.at + d.mount, "KEYSTILE_TOKEN=" + d.credential,
		"KEY=" + about.ID, "SECRET=" + about.Secret, "TOKEN=" + token.ID, "PROJECT=" + name, "PROFILE=" + name, "WORKSPACE=" + name,
	}
}

// membersOf are the names of a document's members, with those of the first
// object in each of its lists; nil where this is none, as where the page leaves
// something out.
func membersOf(text []byte) (names []string) {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil
	}
	for name, value := range members {
		names = append(names, name)
		var list []json.RawMessage
		if json.Unmarshal(value, &list) == nil && len(list) > 0 {
			for _, within := range membersOf(list[0]) {
				names = append(names, name+"."+within)
			}
		}
	}
	slices.Sort(names)
	return names
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
