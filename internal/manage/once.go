package manage

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

const (
	// onceFor is how long the repeat of a call is known as one.
	onceFor = day
	// creationsBite is how many creations that are older each new one removes:
	// more than one, so that they get fewer, and few, so that no call waits.
	creationsBite = 10

	maxIdempotencyKey = 255 // bytes

	// IdempotencyKeyHeader is what a Call's IdempotencyKey is called outside, in
	// refusals too.
	IdempotencyKeyHeader = "Idempotency-Key"
)

// creating is a call that makes something, in the two ways that it may go.
type creating struct {
	ask any // what is asked for, besides the call itself: of what JSON can hold
	// make makes the thing, and returns its ID or name.
	make func(storage.Tx, reach) (made string, err error)
	// again answers a repeat with what was made, as it is now.
	again func(tx storage.Tx, to reach, made string) error
}

// once is act for a call that may bear an idempotency key. What is remembered
// of it is written with what it makes: a call that fails leaves nothing, and of
// two at once, one makes and the other repeats.
func (m *Manager) once(ctx context.Context, d deed, doing string, c creating) error {
	if d.call.IdempotencyKey == "" {
		return m.act(ctx, d, doing, func(tx storage.Tx, to reach) error {
			_, err := c.make(tx, to)
			return err
		})
	}
	want, err := m.creation(d, c.ask)
	if err != nil {
		return err
	}
	return m.act(ctx, d, doing, func(tx storage.Tx, to reach) error {
		was, err := tx.Creation(ctx, want.Caller, want.Key)
		switch {
		case err == nil && want.Time.Sub(was.Time) < onceFor:
			return c.repeat(tx, to, was, want)
		case err != nil && !errors.Is(err, storage.ErrNotFound):
			return err
		}
		made := want
		if made.Made, err = c.make(tx, to); err != nil {
			return err
		}
		if err := tx.PutCreation(ctx, made); err != nil {
			return err
		}
		return tx.DropCreations(ctx, want.Time.Add(-onceFor), creationsBite)
	})
}

func (c *creating) repeat(tx storage.Tx, to reach, was, want storage.Creation) error {
	if was.Operation != want.Operation || was.Request != want.Request {
		return refuse(problem.IdempotencyConflict, "", "")
	}
	err := c.again(tx, to, was.Made)
	if refused, ok := errors.AsType[*Error](err); ok && refused.Problem.Code == problem.NotFound {
		// A 404 would say that the call's own address is wrong.
		return refuse(problem.IdempotencyConflict, "", "What this Idempotency-Key made has been deleted since.")
	}
	return err
}

// creation is what would be remembered of a call, without what it makes. The
// request is compared as it is understood, whatever its spelling was.
func (m *Manager) creation(d deed, ask any) (storage.Creation, error) {
	if err := CheckIdempotencyKey(d.call.IdempotencyKey); err != nil {
		return storage.Creation{}, err
	}
	request, err := json.Marshal(struct {
		Workspace string
		Key       keys.ID
		Ask       any
	}{d.workspace, d.key, ask})
	if err != nil {
		return storage.Creation{}, fmt.Errorf("encode the request: %w", err)
	}
	return storage.Creation{
		Caller: d.call.Actor.caller(), Key: sha256.Sum256([]byte(d.call.IdempotencyKey)),
		Operation: d.action, Request: sha256.Sum256(request), Time: m.now(),
	}, nil
}

// caller tells actors apart by what can't be chosen: the ID; of commands, the
// user.
func (a Actor) caller() string {
	if a.Kind == ActorCommand {
		return string(a.Kind) + ":" + a.Name
	}
	return string(a.Kind) + ":" + a.ID
}

// CheckIdempotencyKey refuses what no caller may state as one: an empty text
// too, which in a Call says that none is stated.
func CheckIdempotencyKey(text string) error {
	fits := text != "" && len(text) <= maxIdempotencyKey
	for i := 0; fits && i < len(text); i++ {
		fits = text[i] > ' ' && text[i] <= '~'
	}
	if !fits {
		return invalid(IdempotencyKeyHeader, "must have 1 to %d visible ASCII characters", maxIdempotencyKey)
	}
	return nil
}
