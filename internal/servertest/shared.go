package servertest

import (
	"io"
	"sync"
)

// Shared is a server that tests share which do it no harm. It starts when the
// first of them asks for it.
type Shared[S io.Closer] struct {
	start func() (S, error)

	mu      sync.Mutex
	started bool
	server  S
	err     error
}

// Share makes a shared server of what start starts.
func Share[S io.Closer](start func() (S, error)) *Shared[S] { return &Shared[S]{start: start} }

// Get returns the server, or why it can't be had.
func (s *Shared[S]) Get() (S, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		s.started = true
		s.server, s.err = s.start()
	}
	return s.server, s.err
}

// Close ends the server, if anybody asked for it. It comes last.
func (s *Shared[S]) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started || s.err != nil {
		return nil
	}
	return s.server.Close()
}
