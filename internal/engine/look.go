package engine

// Look makes an engine that only answers what a store holds: it isn't known to
// the store as a node, begins nothing beside, believes nothing in memory, and
// writes nothing as long as nothing is counted, but for sums of what gates have
// flushed. The store's schema is up to date already. Close closes the store.
func Look(cfg Config, s *Settings) (*Engine, error) {
	cfg.SpoolDir = "" // what waits there is another process's
	e, err := newEngine(cfg, s)
	if err != nil {
		return nil, err
	}
	close(e.ready)
	return e, nil
}
