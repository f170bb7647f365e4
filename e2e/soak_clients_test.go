package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// soakOutcomes are the answers that each soak must have seen.
var soakOutcomes = []string{
	"allowed", "revoked_key", "inactive_key", "expired_key", "environment_not_allowed", "workspace_mismatch", "ip_not_allowed", "route_not_allowed",
	"insufficient_scope", "rate_limited", "quota_exceeded", "malformed_key", "missing_key", "unknown_key", "multiple_credentials", "ambiguous_path",
}

// soakDeeds are what its clients must have done beside that.
var soakDeeds = []string{"left a stream", "was cut off a stream", "uploaded", "left an upload", "spoke on a socket", "made a key", "edited a key", "rotated a key", "revoked a key", "deleted a key"}

// soakPace is how long a client waits between two errands.
const soakPace = 20 * time.Millisecond

// visitor is one client of a soak.
type visitor struct {
	*soak
	kept   caller // its connection for what is short
	chance *rand.Rand
}

// visit runs errands until it is told to stop.
func (s *soak) visit(stop <-chan struct{}) {
	v := &visitor{s, caller{crowd: s.crowd}, rand.New(rand.NewPCG(rand.Uint64(), 0))}
	defer v.kept.hangUp()
	errands := []func(){v.fetch, v.fetch, v.fetch, v.fetch, v.fetch, v.refused, v.refused, v.limited, v.intrude, v.intrude, v.stream, v.upload, v.leaveUpload, v.speak}
	pace := time.NewTicker(soakPace)
	defer pace.Stop()
	for {
		select {
		case <-stop:
			return
		case <-pace.C:
			errands[v.chance.IntN(len(errands))]()
		}
	}
}

func (v *visitor) any(kind string) key { return v.keys[kind][v.chance.IntN(len(v.keys[kind]))] }

func (v *visitor) fetch() { v.make(v.any("good"), "GET /items", "allowed") }

// soakRefusals are calls that some rule is against: a key of which kind, what it
// asks for, and the answer.
var soakRefusals = [...][3]string{
	{"revoked", "GET /items", "revoked_key"}, {"inactive", "GET /items", "inactive_key"}, {"expired", "GET /items", "expired_key"},
	{"test", "GET /items", "environment_not_allowed"}, {"foreign", "GET /items", "workspace_mismatch"}, {"far", "GET /items", "ip_not_allowed"},
	{"good", "GET /none", "route_not_allowed"}, {"good", "POST /items", "insufficient_scope"},
}

func (v *visitor) refused() {
	r := soakRefusals[v.chance.IntN(len(soakRefusals))]
	v.make(v.any(r[0]), r[1], r[2])
}

// limited makes calls of few keys, more than they may.
func (v *visitor) limited() {
	few := v.keys["good"][:5]
	k := few[v.chance.IntN(len(few))]
	for range 3 {
		v.make(k, "GET /slow", "allowed", "rate_limited")
		v.make(k, "GET /metered", "allowed", "quota_exceeded")
	}
}

// make makes one call of a key, and notes its answer, which is one of these or
// that something is away.
func (v *visitor) make(k key, call string, want ...string) response {
	number, sent := v.next(), time.Now()
	got, err := v.kept.exchange(v.spell(k, call, number) + "\r\n")
	v.note(k, number, got, err, sent, want...)
	return got
}

func (s *soak) next() string { return strconv.FormatInt(s.crowd.number.Add(1), 10) }

// spell is the head of a request up to its last line.
func (s *soak) spell(k key, call, number string) string {
	return call + " HTTP/1.1\r\nHost: " + s.crowd.addr + "\r\n" + k.bearer() + "\r\n" + callHeader + ": " + number + "\r\n"
}

// note keeps the tally of a key by one answer.
func (s *soak) note(k key, number string, got response, err error, sent time.Time, want ...string) {
	if err != nil {
		s.book.wonder("call %s: %v", number, err)
		return
	}
	outcome := got.code()
	if got.status == http.StatusOK || got.status == http.StatusSwitchingProtocols {
		outcome = "allowed"
	}
	s.book.did(outcome)
	away := outcome == "store_unavailable" || outcome == "limiter_unavailable"
	share := outcome == "rate_limited" && s.redis != nil // of a limit, while Redis is away
	if !away && !share && !slices.Contains(want, outcome) {
		s.book.wonder("call %s: %v, want %v", number, got, want)
	}
	s.crowd.mu.Lock()
	defer s.crowd.mu.Unlock()
	t := s.crowd.tally[k.ID]
	if t == nil {
		t = &tally{first: sent}
		s.crowd.tally[k.ID] = t
	}
	switch {
	case outcome == "allowed":
		t.allowed++
		s.crowd.passed = append(s.crowd.passed, number)
	case away:
		s.book.mu.Lock()
		defer s.book.mu.Unlock()
		s.book.unavailable[k.ID]++
	default:
		t.denied++
	}
}

// intrude sends what no key's owner does, from elsewhere.
func (v *visitor) intrude() {
	good := v.any("good").bearer()
	for want, line := range map[string]string{
		"malformed_key": bearer(liveSecret()[1:]), "missing_key": "X-Other: x", "unknown_key": bearer(liveSecret()), "multiple_credentials": good + "\r\n" + good,
	} {
		v.intrudeWith("/items", line, want)
	}
	v.intrudeWith("/items/../x", good, "ambiguous_path")
}

func (v *visitor) intrudeWith(target, line, want string) {
	c, err := dialFrom("127.0.0.2", v.crowd.addr)
	if err != nil {
		return // a reload closes what its old listener hasn't taken
	}
	defer c.Close()
	got, err := c.exchange(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\nConnection: close\r\n\r\n", target, v.crowd.addr, line))
	if err != nil && c.read.Len() == 0 {
		return // likewise
	}
	code := got.code()
	v.book.did(code)
	if err != nil || code != want && (want != "unknown_key" || code != "rate_limited" && code != "store_unavailable") {
		v.book.wonder("%s with %s: %v %v", target, line, got, err)
	}
}

// open sends a request on a connection of its own, and reads the head of its
// answer; nil where it wasn't let in.
func (v *visitor) open(k key, call string, lines string) (*client, *http.Response) {
	number, sent := v.next(), time.Now()
	for range maxTries {
		c, err := dial(v.crowd.addr)
		if err != nil {
			continue // a reload closes what its old listener hasn't taken
		}
		if err = c.write(v.spell(k, call, number) + lines + "\r\n"); err == nil {
			var got *http.Response
			if got, err = http.ReadResponse(c.reader, nil); err == nil {
				if got.StatusCode == http.StatusOK || got.StatusCode == http.StatusSwitchingProtocols {
					v.note(k, number, response{status: got.StatusCode}, nil, sent, "allowed")
					return c, got
				}
				body, _ := io.ReadAll(got.Body) // what is missing isn't the code of a refusal
				v.note(k, number, response{status: got.StatusCode, body: string(body)}, nil, sent, "allowed")
			}
		}
		silent := err != nil && c.read.Len() == 0
		_ = c.Close() // whichever end was first
		if !silent {
			return nil, nil
		}
		v.crowd.again.Add(1)
	}
	v.book.wonder("%s: nobody answers", call)
	return nil, nil
}

// stream listens for a while, and leaves.
func (v *visitor) stream() {
	c, got := v.open(v.any("good"), "GET /stream", "")
	if c == nil {
		return
	}
	defer c.Close()
	if _, err := io.CopyN(io.Discard, got.Body, 100); err == nil {
		v.book.did("left a stream")
	}
}

// speak has bytes echoed over an upgraded connection.
func (v *visitor) speak() {
	c, _ := v.open(v.any("good"), "GET /socket", "Connection: Upgrade\r\nUpgrade: websocket\r\n"+handshake+"\r\n")
	if c == nil {
		return
	}
	defer c.Close()
	const text = "any bytes"
	echoed := make([]byte, len(text))
	if c.write(text) != nil {
		return // it was cut
	}
	if _, err := io.ReadFull(c.reader, echoed); err == nil && string(echoed) == text {
		v.book.did("spoke on a socket")
	}
}
