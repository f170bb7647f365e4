package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/keystile/keystile/internal/storage"
)

// mute stands in front of a server. While it is silent, it lets everybody log in
// and answers nothing then, as a pooler does that has no server left.
type mute struct {
	net.Listener
	server string
	silent atomic.Bool
	open   sync.WaitGroup
}

func newMute(t *testing.T, server string) *mute {
	t.Helper()
	var listening net.ListenConfig
	l, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	m := &mute{Listener: l, server: server}
	m.silent.Store(true)
	m.open.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			m.open.Go(func() { m.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		m.open.Wait()
	})
	return m
}

func (m *mute) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	if m.silent.Load() {
		m.letIn(client)
		return
	}
	server, err := net.Dial("tcp", m.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	m.open.Go(func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	})
	_, _ = io.Copy(client, server)
}

// letIn plays a server's part in a login, and then reads until the client goes.
func (m *mute) letIn(client net.Conn) {
	back := pgproto3.NewBackend(client, client)
	if _, err := back.ReceiveStartupMessage(); err != nil {
		return
	}
	back.Send(&pgproto3.AuthenticationOk{})
	back.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	back.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if back.Flush() == nil {
		_, _ = io.Copy(io.Discard, client)
	}
}

// before is the store of a test behind something that is mute.
func (m *mute) before(t *testing.T, s *Store) *Store {
	t.Helper()
	to := strings.Replace(s.cfg.pool.ConnString(), m.server, m.Addr().String(), 1)
	cfg, err := ParseDSN(to + "&connect_timeout=1")
	must(t, err)
	behind := Open(cfg)
	t.Cleanup(func() { must(t, behind.Close()) })
	return behind
}

func TestAServerThatFallsSilentBehindTheLoginIsUnreachableAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	s := setup(t)
	m := newMute(t, address(s.cfg.pool.ConnConfig.Host, s.cfg.pool.ConnConfig.Port))
	behind := m.before(t, s)
	if err := behind.Migrate(t.Context()); !errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("got error %v, want that nobody answers", err)
	}
	// Enough to take every connection that there may be.
	var asking sync.WaitGroup
	for range 2 * pulseConns {
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, _ = behind.Confirm(ctx)
		})
	}
	asking.Wait()
	m.silent.Store(false)
	for late := time.Now().Add(20 * time.Second); ; {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := behind.Confirm(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("it answers again, and nobody hears it: %v", err)
		}
	}
}
