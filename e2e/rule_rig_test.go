package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// oddity is a request that no line of the catalogue of attacks has, byte for
// byte, and what comes of it.
type oddity struct {
	name string
	// raw is the request, in which $KEY stands for a line with the key, $SECRET for
	// the key, and $HOST for the gate's address. Where it is one line only, the
	// usual header follows.
	raw string
	// want is a status, with the gate's code where it is the gate's; "closed"
	// where the server says nothing; or, of a request that is let in, the first
	// line that the upstream gets. Several are parted by a bar.
	want string
}

// tryOddities sends each on a connection of its own.
func (g *gate) tryOddities(t *testing.T, k key, all ...oddity) {
	t.Helper()
	for _, one := range all {
		t.Run(one.name, func(t *testing.T) {
			if got := g.outcomeOf(t, g.spelled(one.raw, k)); !oneOf(one.want, got) {
				t.Errorf("%q: %s, want %s", one.raw, got, one.want)
			}
		})
	}
}

// spelled is an oddity's request as it is sent.
func (g *gate) spelled(raw string, k key) string {
	if !strings.Contains(raw, "\r\n") {
		raw += "\r\nHost: $HOST\r\n$KEY\r\n"
	}
	if head, body, cut := strings.Cut(raw, "\r\n\r\n"); cut {
		raw = head + "\r\nConnection: close\r\n\r\n" + body
	} else {
		raw += "Connection: close\r\n\r\n"
	}
	return strings.NewReplacer("$KEY", k.bearer(), "$SECRET", k.Secret, "$HOST", g.addr).Replace(raw)
}

// outcomeOf sends a request, and says what came of it as oddities do.
func (g *gate) outcomeOf(t *testing.T, raw string) string {
	t.Helper()
	got, err := exchange(g.addr, raw)
	arrived := g.upstream.seen()
	switch {
	case len(arrived) > 1:
		return fmt.Sprintf("%d requests for the upstream", len(arrived))
	case len(arrived) == 1:
		line, _, _ := strings.Cut(arrived[0].raw, "\r\n")
		return line
	case err != nil:
		return "closed"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", got.status, got.code()))
}

func oneOf(want, got string) bool {
	for one := range strings.SplitSeq(want, " | ") {
		if one == got {
			return true
		}
	}
	return false
}
