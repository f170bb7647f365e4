package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

const (
	// followAtOnce bounds the entries that are read at once.
	followAtOnce = 100
	// followAgainAfter is when a trail is read again that couldn't be.
	followAgainAfter = 5 * time.Second
)

// deeds are what is told of the audit trail, by action.
var deeds = map[string]events.Name{
	"key.create": events.KeyCreated, "key.edit": events.KeyEdited, "key.rotate": events.KeyRotated,
	"key.revoke": events.KeyRevoked, "key.reactivate": events.KeyReactivated, "key.delete": events.KeyDeleted,
}

// trail tells what is done to keys, by whichever process: once this node has
// applied changes, it reads what the audit trail says of them. Each entry is
// read once, so each deed is told once by each node that listens.
type trail struct {
	engine *Engine
	loop   *background.Loop
	anew   atomic.Bool // the store isn't the one that was followed

	// These are the loop's own.
	at    storage.AuditPlace
	known bool // where the trail is followed from
	mute  bool
}

func (t *trail) init(e *Engine) {
	t.engine = e
	t.loop = background.NewLoop(0, t.follow)
}

// deed is an entry, and its key as it is now; nil where it is gone.
type deed struct {
	storage.AuditEntry
	key *keys.Key
}

// follow tells what the trail has had since the last time. While nobody
// listens, it isn't read; whoever begins to listen hears of what comes then.
func (t *trail) follow(ctx context.Context) {
	if t.anew.Swap(false) || !t.wanted() {
		t.known = false
	}
	if !t.wanted() {
		return
	}
	more, err := true, error(nil)
	for more && err == nil {
		more, err = t.step(ctx)
	}
	if ctx.Err() == nil {
		t.report(err)
	}
}

func (t *trail) wanted() bool {
	wants := t.engine.teller.queue.Wants
	return wants(events.KeyExpiring) || slices.ContainsFunc(slices.Collect(maps.Values(deeds)), wants)
}

// report says once that the trail can't be read, and has it tried again.
func (t *trail) report(err error) {
	t.loop.SetInterval(0)
	if err != nil {
		t.loop.SetInterval(followAgainAfter)
		if !t.mute {
			t.engine.cfg.Log.Warn("events of keys are late: the audit trail can't be read", "error", err)
		}
	}
	t.mute = err != nil
}

func (t *trail) step(ctx context.Context) (more bool, err error) {
	found, last, err := t.read(ctx)
	if err != nil {
		return false, err
	}
	for i := range found {
		if err := t.tell(ctx, &found[i]); err != nil {
			return false, err
		}
	}
	t.at, more, t.known = last, t.known && len(found) == followAtOnce, true
	return more, nil
}

// read reads what comes next, or where the trail ends at present.
func (t *trail) read(ctx context.Context) (found []deed, last storage.AuditPlace, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	err = t.engine.cfg.Store.Glance(ctx, func(r storage.Reader) (err error) {
		if !t.known {
			last, err = r.AuditEnd(ctx)
			return err
		}
		found, last, err = readDeeds(ctx, r, t.at)
		return err
	})
	return found, last, err
}

func readDeeds(ctx context.Context, r storage.Reader, after storage.AuditPlace) ([]deed, storage.AuditPlace, error) {
	entries, last, err := r.AuditAfter(ctx, after, followAtOnce)
	if err != nil {
		return nil, 0, err
	}
	found := make([]deed, len(entries))
	for i, entry := range entries {
		found[i].AuditEntry = entry
		if deeds[entry.Action] == "" {
			continue
		}
		found[i].key, err = r.Key(ctx, entry.KeyID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrDamaged) {
			return nil, 0, err
		}
	}
	return found, last, nil
}

// tell waits for room: no deed is passed over because a handler is slow.
func (t *trail) tell(ctx context.Context, d *deed) error {
	name := deeds[d.Action]
	if name == "" {
		return nil
	}
	queue := t.engine.teller.queue
	if queue.Wants(name) {
		if err := queue.Put(ctx, t.engine.event(name, d.data())); err != nil {
			return err
		}
	}
	if d.key == nil {
		return nil
	}
	return t.engine.teller.endings.consider(ctx, d.key)
}

// data are the key's as it is now, or was before it was deleted, and what the
// entry says was done.
func (d *deed) data() map[string]any {
	k := d.key
	if k == nil {
		k = &keys.Key{ID: d.KeyID, Workspace: d.Workspace, Project: d.Project}
		k.Name, k.Owner, k.Environment = d.was("name"), d.was("owner"), keys.Environment(d.was("environment"))
	}
	data := keyData(k)
	data["actor"], data["client"], data["reason"] = d.Actor, d.Client, d.Reason
	data["time"], data["audit_id"] = timeText(d.Time), d.ID
	if d.Action == "key.edit" {
		data["fields"] = strings.Join(slices.Sorted(maps.Keys(d.Changes)), " ")
	}
	if d.Action == "key.rotate" {
		data["replaced_by"] = d.Target
	}
	return data
}

func (d *deed) was(field string) string {
	text, _ := d.Changes[field].From.(string)
	return text
}
