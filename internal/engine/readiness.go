package engine

// Readiness is whether requests are decided as the configuration has it.
type Readiness struct {
	// Ready: they are, also where the configuration says how to go on without
	// the store or the limiter.
	Ready   bool   `json:"ready"`
	Store   string `json:"store"`   // ok, stale, away or starting
	Limiter string `json:"limiter"` // ok, share or away
}

// What a part of an engine can be.
const (
	PartOK       = "ok"
	PartStarting = "starting" // nobody has reached the store yet
	PartStale    = "stale"    // the store is away, and what was known is served
	PartShare    = "share"    // the limiter's server is away, and each node enforces its share
	PartAway     = "away"
)

// Readiness asks nobody: it says what the engine goes by at this moment.
func (e *Engine) Readiness() Readiness {
	r := Readiness{Store: e.storeNow(), Limiter: PartOK}
	if e.limits.fleet != nil && e.stats.Limits.Away.Load() > 0 {
		r.Limiter = PartShare
		if e.settings.current.Load().DenyWithoutLimiter {
			r.Limiter = PartAway
		}
	}
	r.Ready = (r.Store == PartOK || r.Store == PartStale) && r.Limiter != PartAway
	return r
}

func (e *Engine) storeNow() string {
	now := e.cfg.Now()
	select {
	case <-e.ready:
	default:
		return PartStarting
	}
	switch {
	case e.cache.Trusted(now):
		return PartOK
	case !e.blind(now):
		return PartStale
	}
	return PartAway
}
