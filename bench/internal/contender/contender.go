// Package contender is who is compared: servers with their configuration, as
// somebody who wants keys in front of an API would write it.
package contender

import "github.com/keystile/keystile/bench/internal/keyset"

// Place is where a contender runs, and what it has to do with. Ports are of
// 127.0.0.1.
type Place struct {
	Dir      string // of its own
	Binary   string // of Caddy
	Port     int    // where it serves
	Side     int    // where it may serve what isn't measured
	Admin    int    // where Caddy's admin endpoint is to be; 0: nowhere
	Upstream int    // where the API is
	Checker  int    // where the server is that knows keys
	Keys     *keyset.Set
	Limit    Limit
	// Postgres and Redis are URLs of what a fleet shares; empty where there is
	// none.
	Postgres, Redis string
}

// Limit is what each key may ask for: a rate, and a bucket.
type Limit struct{ PerSecond, Burst int }

// Generous is a limit that none of n keys reaches while they are presented in
// turn.
func Generous(n int) Limit {
	switch {
	case n == 1:
		return Limit{PerSecond: 100_000, Burst: 200_000}
	case n < 1000:
		return Limit{PerSecond: 1000, Burst: 2000}
	}
	return Limit{PerSecond: 100, Burst: 200} // as Caddyfile.example has it
}

// Contender is one of the compared.
type Contender struct {
	Name string
	Says string // one line for readers
	// Core: it is what this is about, and measured the most often.
	Core bool
	// Refuses: it does nothing but refuse.
	Refuses bool
	// Gate: it knows keys, and refuses the unknown ones.
	Gate bool
	// Limits: it has a limit for each key.
	Limits bool
	// Asks: it asks the checker about each request.
	Asks bool
	// Learns: it holds something for each key that it has met, and is measured
	// once it has met all.
	Learns bool
	// Sums: it puts off to add up what it has counted, until somebody asks for
	// sums.
	Sums bool
	// Fleet: it needs what a fleet shares.
	Fleet bool
	// Hot is how many of the keys are presented; 0: all.
	Hot int
	// MaxKeys is up to how many keys it is run with; 0: any number.
	MaxKeys int
	program program
	// files writes its configuration; the first is the main one.
	files func(Place) ([]file, error)
}

// Takes reports whether a contender is measured with so many keys: allowed
// requests, or refused ones.
func (c *Contender) Takes(keys int, refused bool) bool {
	switch {
	case c.MaxKeys > 0 && keys > c.MaxKeys:
		return false
	case refused:
		return c.Gate && !c.Fleet || c.Refuses
	case c.Fleet:
		return keys == fleetKeys
	}
	return !c.Refuses
}

type file struct{ name, text string }

// IsCaddy reports whether a contender is the common binary.
func (c *Contender) IsCaddy() bool { return c.program.name == caddy.name }

// Meeting is the port on which a contender is to meet keys: one behind which
// nothing else is done, where it has one.
func (p Place) Meeting(c *Contender) int {
	if c.IsCaddy() {
		return p.Side
	}
	return p.Port
}
