package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// upload is a request whose body the client sends byte by byte.
type upload struct {
	*client
	one string // byte, as the body's framing has it
}

// upload sends a head, and with it what is to be said of the body.
func (g *gate) upload(t *testing.T, k key, lines ...string) upload {
	t.Helper()
	u := upload{g.connect(), "x"}
	if strings.HasPrefix(lines[0], "Transfer-Encoding") {
		u.one = "1\r\nx\r\n"
	}
	if err := u.write(g.request("POST", "/v1/files", append(lines, k.bearer())...)); err != nil {
		t.Fatal(err)
	}
	u.send(t)
	return u
}

func (u upload) send(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(u.Conn, u.one); err != nil {
		t.Fatal(err)
	}
}

// cutWithin goes on sending until the gate has answered, or doesn't take any
// more. An upload that succeeds wasn't cut.
func (u upload) cutWithin(most time.Duration) bool {
	succeeded := make(chan bool, 1)
	go func() {
		for {
			got, err := u.answer()
			if err != nil || got.status != http.StatusContinue {
				succeeded <- got.status == http.StatusOK
				return
			}
		}
	}()
	cut := false
	return becomes(most, func() bool {
		select {
		case ok := <-succeeded:
			cut = !ok
			return true
		default:
			_, err := io.WriteString(u.Conn, u.one)
			cut = err != nil
			return cut
		}
	}) && cut
}

func TestUPSTR03UploadsAreCutSoonAfterTheirKeysRightEnds(t *testing.T) {
	t.Parallel()
	const within = 2*time.Second + 2*time.Second // max_staleness and two seconds
	for name, lines := range map[string][]string{
		"chunked":              {"Transfer-Encoding: chunked"},
		"of a known length":    {fmt.Sprintf("Content-Length: %d", 1<<20)},
		"that asks beforehand": {"Content-Length: 50000", "Expect: 100-continue"},
	} {
		for how, behind := range map[string]string{
			"passed on": "reverse_proxy $UPSTREAM",
			"held back": "reverse_proxy $UPSTREAM {\n request_buffers 10MiB\n}",
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				g := setup(t, options{app: "max_staleness 2s", behind: behind})
				k, other := g.key(), g.key()
				for _, one := range []key{k, other} { // else a busy gate may still be asking who calls when the key's right ends
					wantOK(t, g.get("/v1/files", one.bearer()))
				}
				g.upstream.seen()
				mine, theirs := g.upload(t, k, lines...), g.upload(t, other, "Transfer-Encoding: chunked")
				g.must(nil, "keys", "revoke", k.ID)
				if !mine.cutWithin(within) {
					t.Error("the upload goes on")
				}
				theirs.send(t)
				if _, err := io.WriteString(theirs.Conn, "0\r\n\r\n"); err != nil {
					t.Error(err)
				}
				if got, err := theirs.answer(); err != nil || got.status != http.StatusOK {
					t.Errorf("another key's upload: %v, %v", got, err)
				}
				if how == "held back" {
					wantHeader(t, g, "Keystile-Key-Id", other.ID)
				}
			})
		}
	}
}

// wantHeader checks that one request has arrived, with a header.
func wantHeader(t *testing.T, g *gate, name, want string) {
	t.Helper()
	if got := g.upstream.one(t).values(name); len(got) != 1 || got[0] != want {
		t.Errorf("%s: %q, want %q", name, got, want)
	}
}

// Proxies send requests of many callers over one connection: one whose call was
// cut must not take the next one with it.
func TestAnUploadThatIsCutAtItsEndLeavesNoConnectionThatFailsOthers(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	g := setup(t, options{
		app: "max_staleness 2s", upstream: newUpstream(t, answerBy(map[string]answer{"/v1/files": answerHang(release)})),
	})
	k, other := g.key(), g.key()
	u := g.upload(t, k, "Transfer-Encoding: chunked")
	if _, err := io.WriteString(u.Conn, "0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, startWithin, "the upstream has the whole body", func() bool { return g.upstream.total() == 1 })
	g.must(nil, "keys", "revoke", k.ID)
	if got, err := u.answer(); err == nil && got.status == http.StatusOK {
		t.Fatalf("the call of a revoked key was answered %v", got)
	}
	for range 3 {
		got, err := u.exchange(g.request(http.MethodGet, "/v1/other", other.bearer()))
		if err != nil {
			return // closed: a new one has to be made
		}
		if got.status != http.StatusOK {
			t.Fatalf("another caller on the same connection is answered %v", got)
		}
	}
}
