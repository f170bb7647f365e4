package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keystile/keystile/internal/storage"
)

const (
	// quietFor is how long nothing is heard before it is asked whether the
	// connection still stands: one whose other end has vanished is quiet too.
	quietFor     = 15 * time.Second
	answerWithin = 3 * time.Second

	listenAgain = 100 * time.Millisecond
	listenLater = 5 * time.Second
)

// listener hears of news by a connection of its own, which it makes anew when
// it is lost.
type listener struct {
	cfg    *pgx.ConnConfig
	news   func(storage.News)
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// listenTo begins to listen. What is told is that there may be news, and maybe
// which.
func listenTo(cfg *pgx.ConnConfig, news func(storage.News)) *listener {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{cfg: cfg.Copy(), news: news, cancel: cancel}
	l.ended.Go(func() { l.run(ctx) })
	return l
}

func (l *listener) stop() {
	l.cancel()
	l.ended.Wait()
}

func (l *listener) run(ctx context.Context) {
	for pause := listenAgain; ctx.Err() == nil; pause = min(2*pause, listenLater) {
		if l.listen(ctx) {
			pause = listenAgain
		}
		select {
		case <-ctx.Done():
		case <-time.After(about(pause)):
		}
	}
}

// listen listens for as long as a connection stands, and reports whether it
// ever did. What was told before it stood is news as well.
func (l *listener) listen(ctx context.Context) (stood bool) {
	conn, err := pgx.ConnectConfig(ctx, l.cfg)
	if err != nil {
		return false
	}
	defer func() {
		within, cancel := context.WithTimeout(context.Background(), answerWithin)
		defer cancel()
		_ = conn.Close(within) // it is lost already, or the store is closed
	}()
	if err := subscribe(ctx, conn); err != nil {
		return false
	}
	for heard := ""; ; {
		l.news(understand(heard))
		if heard, err = hear(ctx, conn); err != nil {
			return true
		}
	}
}

func subscribe(ctx context.Context, conn *pgx.Conn) error {
	within, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := conn.Exec(within, "LISTEN "+channel)
	return err
}

// hear waits for news, and returns their words.
func hear(ctx context.Context, conn *pgx.Conn) (string, error) {
	for {
		quiet, cancel := context.WithTimeout(ctx, quietFor)
		told, err := conn.WaitForNotification(quiet)
		cancel()
		if err == nil {
			return told.Payload, nil
		}
		if conn.IsClosed() || ctx.Err() != nil {
			return "", err
		}
		within, cancel := context.WithTimeout(ctx, answerWithin)
		err = conn.Ping(within)
		cancel()
		if err != nil {
			return "", err
		}
	}
}
