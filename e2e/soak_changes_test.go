package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"time"
)

// administrate makes keys, changes and ends them, until it is told to stop.
func (s *soak) administrate(stop <-chan struct{}) {
	v := &visitor{s, caller{crowd: s.crowd}, rand.New(rand.NewPCG(rand.Uint64(), 0))}
	defer v.kept.hangUp()
	pace := time.NewTicker(5 * soakPace)
	defer pace.Stop()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-pace.C:
			v.lifeOfAKey(fmt.Sprintf("key %d of a soak", i))
		}
	}
}

// lifeOfAKey has a key made, used, edited, replaced and ended. What the store is
// away for is not done.
func (v *visitor) lifeOfAKey(name string) {
	var k, successor key
	if !v.change("made a key", &k, http.MethodPost, "/v1/keys", fmt.Sprintf(`{"name":%q,"scopes":["read"]}`, name)) {
		return
	}
	v.make(k, "GET /items", "allowed")
	v.change("edited a key", nil, http.MethodPatch, "/v1/keys/"+k.ID, `{"name":"an edited key"}`)
	if v.change("rotated a key", &successor, http.MethodPost, "/v1/keys/"+k.ID+"/rotate", `{"grace":"1m"}`) {
		v.make(successor, "GET /items", "allowed")
		v.end(successor)
	}
	v.make(k, "GET /items", "allowed")
	v.end(k)
}

// end revokes a key while a stream of it is open, and deletes it.
func (v *visitor) end(k key) {
	c, got := v.open(k, "GET /stream", "")
	if v.change("revoked a key", nil, http.MethodPost, "/v1/keys/"+k.ID+"/revoke", "") {
		v.make(k, "GET /items", "revoked_key")
		if c != nil && !ended(got.Body) {
			v.book.wonder("a stream of a revoked key went on for %v", exchangeWithin)
		}
		v.book.did("was cut off a stream")
	}
	if c != nil {
		_ = c.Close() // whichever end was first
	}
	v.change("deleted a key", nil, http.MethodDelete, "/v1/keys/"+k.ID, "")
}

// ended reads a stream to its end; its connection knows for how long.
func ended(body io.Reader) bool {
	_, err := io.Copy(io.Discard, body)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// change calls the API, and reports whether that was done. It may not be while
// the store is away or the configuration is replaced.
func (v *visitor) change(what string, into *key, method, path, body string) bool {
	got, err := v.manage(method, path, body)
	switch {
	case err != nil, got.status == http.StatusServiceUnavailable:
		v.book.did("management unavailable")
		return false
	case got.status >= http.StatusMultipleChoices:
		v.book.wonder("%s: %v", what, got)
		return false
	}
	if into != nil {
		if err := json.Unmarshal([]byte(got.body), into); err != nil {
			v.book.wonder("%s: %v in %v", what, err, got)
			return false
		}
		v.secret(into.Secret)
	}
	v.book.did(what)
	return true
}
