package dashboard

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

const (
	// idleTime ends a session that nobody used.
	idleTime = 30 * time.Minute
	// wholeTime ends a session however much it is used.
	wholeTime = 12 * time.Hour
	// mostSessions bounds the memory of them: one more ends the one that was
	// used least recently.
	mostSessions = 1000
	// mostShown bounds what a session has to show once, and shownWithin for how
	// long.
	mostShown   = 20
	shownWithin = 10 * time.Minute

	idBytes = 32
)

// Sessions remembers who signed in. It is in the memory of this process, and
// outlives a configuration; it knows no session's ID, only the digest.
type Sessions struct {
	throttle Throttle
	mu       sync.Mutex
	all      map[digest]*session
}

// Throttle bounds how often one address may try to sign in.
type Throttle interface {
	// Take spends a try; where none is left, it says for how long.
	Take(client netip.Addr, now time.Time) (granted bool, retryAfter time.Duration)
	// GiveBack undoes one Take.
	GiveBack(client netip.Addr)
}

type digest [sha256.Size]byte

// NewSessions returns none.
func NewSessions(t Throttle) *Sessions { return &Sessions{throttle: t, all: map[digest]*session{}} }

// attempt spends a try of an address to sign in; succeeded gives it back.
func (s *Sessions) attempt(address string, now time.Time) (granted bool, retryAfter time.Duration) {
	client, _ := netip.ParseAddr(address) // nobody's address has a bucket, too
	return s.throttle.Take(client, now)
}

func (s *Sessions) succeeded(address string) {
	client, _ := netip.ParseAddr(address)
	s.throttle.GiveBack(client)
}

// session is one person at one browser.
type session struct {
	began time.Time // with a monotonic reading, so that no clock makes it last

	mu    sync.Mutex
	seen  time.Time
	actor manage.Actor
	note  *note
	shown map[string]revealed // by the ID of what was made
}

// note is what the next page says of what was done.
type note struct {
	Bad  bool
	Text string
}

// revealed is something new whose secret was not shown yet; one of the two.
type revealed struct {
	at    time.Time
	key   *manage.CreatedKey
	token *manage.CreatedToken
}

// begin makes a session, and returns the ID by which it is found. Nobody but
// the browser keeps it.
func (s *Sessions) begin(actor manage.Actor, now time.Time) (id string, made *session) {
	raw := make([]byte, idBytes)
	_, _ = rand.Read(raw) // never fails
	id = base64.RawURLEncoding.EncodeToString(raw)
	made = &session{began: now, seen: now, actor: actor, shown: map[string]revealed{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom(now)
	s.all[sha256.Sum256([]byte(id))] = made
	return id, made
}

// makeRoom forgets sessions that are over, and one more where they are still
// too many.
func (s *Sessions) makeRoom(now time.Time) {
	var oldest digest
	var since time.Time
	for of, one := range s.all {
		switch seen := one.lastSeen(); {
		case one.over(now):
			delete(s.all, of)
		case since.IsZero() || seen.Before(since):
			oldest, since = of, seen
		}
	}
	if len(s.all) >= mostSessions {
		delete(s.all, oldest)
	}
}

// find returns the session of an ID, unless it is over. One that is looked up by
// a page which refreshes itself is not used by that.
func (s *Sessions) find(id string, now time.Time, uses bool) *session {
	of := digest(sha256.Sum256([]byte(id)))
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[of]
	if one == nil {
		return nil
	}
	if one.over(now) {
		delete(s.all, of)
		return nil
	}
	if uses {
		one.mu.Lock()
		one.seen = now
		one.mu.Unlock()
	}
	return one
}

// end forgets a session: its ID is nobody's from here on.
func (s *Sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(id)))
}

func (s *session) lastSeen() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

func (s *session) over(now time.Time) bool {
	return now.Sub(s.began) >= wholeTime || now.Sub(s.lastSeen()) >= idleTime
}

// tell has the next page say something.
func (s *session) tell(n note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note = &n
}

// told takes what the next page says.
func (s *session) told() *note {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.note
	s.note = nil
	return n
}

// keep holds what was made until its page is asked for, once.
func (s *session) keep(id string, one revealed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, kept := range s.shown {
		if one.at.Sub(kept.at) >= shownWithin || len(s.shown) >= mostShown {
			delete(s.shown, other)
		}
	}
	s.shown[id] = one
}

// take returns what was kept, and forgets it.
func (s *session) take(id string, now time.Time) (one revealed, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok = s.shown[id]
	delete(s.shown, id)
	return one, ok && now.Sub(one.at) < shownWithin
}
