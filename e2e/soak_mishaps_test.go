package e2e

import (
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

// mishap is something that befalls a gate under load, and how it ends.
type mishap struct {
	name       string
	lasts      time.Duration
	begin, end func()
}

// mishapsOf are those that can befall this gate, in their order.
func (s *soak) mishapsOf() []mishap {
	nothing := func() {}
	all := []mishap{
		{"reload", 0, s.reloadOnce, nothing},
		{"reload that fails", 0, s.reloadInVain, nothing},
		{"process stopped", 0, s.stand, nothing},
	}
	if s.store == nil {
		var release func()
		all = append(all, mishap{"store locked", time.Second, func() { release = lock(s.t, s.db) }, func() { release() }})
	}
	return append(append(all, ofLine("store", s.store, 3*time.Second)...), ofLine("Redis", s.redis, time.Second)...)
}

// ofLine is what befalls a line; nothing, where there is none.
func ofLine(to string, line *servertest.Proxy, cut time.Duration) []mishap {
	if line == nil {
		return nil
	}
	return []mishap{
		{to + " cut off", cut, line.Cut, line.Heal},
		{to + " silent", time.Second / 2, func() { line.BlackHole(servertest.ToClient) }, line.Heal},
		{to + " slow", time.Second, func() { line.Delay(50 * time.Millisecond) }, line.Heal},
	}
}

// reloadOnce changes a limit that nobody meets.
func (s *soak) reloadOnce() {
	limits := [...]string{"rate_limit live 1000/s", "rate_limit live 1000/s burst 1001"}
	s.options.app = soakApp + limits[s.mishaps["reload"]%len(limits)]
	s.reload(s.caddyfile())
}

func (s *soak) reloadInVain() {
	kept := s.options
	defer func() { s.options = kept }()
	bad := [...]func(){
		func() { s.options.policy += "\nroute GET /x {" },
		func() { s.options.policy += "\nrate_limit live never" },
		func() { s.options.sites += "\nhttp://" + s.taken + " {\n\trespond no\n}\n" },
	}
	bad[s.mishaps["reload that fails"]%len(bad)]()
	if s.tryReload(s.caddyfile()) == nil {
		s.t.Error("a configuration that can't be was taken over")
	}
}

// stand stops the process in the middle of whatever it does, for a moment.
func (s *soak) stand() {
	s.freeze(s.t)
	moment := time.NewTimer(200 * time.Millisecond)
	<-moment.C
	s.thaw()
}
