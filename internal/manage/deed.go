package manage

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// deed is one call on its way, after it was let in.
type deed struct {
	call      Call
	action    string // as the audit trail names it
	workspace string
	key       keys.ID // that it is about; empty: none
}

// begin lets a call in, as enter does.
func (m *Manager) begin(ctx context.Context, call Call, action string, key keys.ID) (deed, error) {
	workspace, err := m.enter(ctx, call, action)
	return deed{call, action, workspace, key}, err
}

// act runs a change. What the call reaches is read in the change's own
// transaction, so what was taken from its actor meanwhile is gone. A refusal
// undoes the change and is recorded.
func (m *Manager) act(ctx context.Context, d deed, doing string, fn func(storage.Tx, reach) error) error {
	_, err := m.acted(ctx, d, doing, fn)
	return err
}

// acted is act that also returns the revision of the change.
func (m *Manager) acted(ctx context.Context, d deed, doing string, fn func(storage.Tx, reach) error) (storage.Revision, error) {
	revision, err := m.commit(ctx, doing, func(tx storage.Tx) error {
		to, err := m.reached(ctx, tx, &d)
		if err != nil {
			return err
		}
		return fn(tx, to)
	})
	return revision, m.noted(ctx, d, err)
}

// look runs what changes nothing, as act does.
func (m *Manager) look(ctx context.Context, d deed, doing string, fn func(storage.Reader, reach) error) error {
	err := m.view(ctx, doing, func(r storage.Reader) error {
		to, err := m.reached(ctx, r, &d)
		if err != nil {
			return err
		}
		return fn(r, to)
	})
	return m.noted(ctx, d, err)
}

// reached is what a call reaches. Of one that may nothing any more, it is not
// known whether what it names is a key: it may be a secret.
func (m *Manager) reached(ctx context.Context, r storage.Reader, d *deed) (reach, error) {
	to, err := m.reach(ctx, r, d.call, d.workspace)
	if err != nil {
		d.key = ""
	}
	return to, err
}

// noted records that a call came upon what its actor may not do, or upon a key
// that is not within reach. Whether somebody else has that key is not for the
// caller to know, so the entry is the same and doesn't name the key. Other
// errors pass.
func (m *Manager) noted(ctx context.Context, d deed, err error) error {
	refused, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, errNoKey):
		d.key = ""
	case refused.Problem.Code.Row().Status != http.StatusForbidden:
		return err
	}
	return m.refused(ctx, d, err)
}

// refused records that somebody tried what they may not do. It returns why, or
// what kept a refused change from being recorded: neither lets the call go on. A
// read is refused all the same, and not recorded each time.
func (m *Manager) refused(ctx context.Context, d deed, why error) error {
	if !reading(d.action) {
		return cmp.Or(m.record(ctx, d, 0), why)
	}
	of := refusedRead{d.call.Actor.String(), d.action}
	unrecorded, due := m.refusedReads.due(of, m.clock())
	if !due {
		return why
	}
	if err := m.record(ctx, d, unrecorded); err != nil {
		m.refusedReads.missed(of, unrecorded+1)
		m.log.ErrorContext(ctx, "a refusal can't be recorded", slog.String("action", d.action), slog.Any("error", err))
	}
	return why
}

// record writes the entry of a refusal, and how many before it had none.
func (m *Manager) record(ctx context.Context, d deed, unrecorded int) error {
	entry := m.entry(d.call, cmp.Or(d.workspace, d.call.Actor.Workspace), d.action+".refused")
	entry.Project, entry.KeyID = d.call.Actor.Project, d.key
	if unrecorded > 0 {
		entry.Changes = map[string]storage.FieldChange{"unrecorded": {To: unrecorded}}
	}
	return m.update(ctx, "record a refusal", func(tx storage.Tx) error {
		entry.Target = ""
		if d.workspace == "" { // not let in
			var err error
			if entry.Target, err = standing(ctx, tx, d.call.Workspace); err != nil {
				return err
			}
		}
		return tx.AppendAudit(ctx, entry)
	})
}

// standing is the name of a workspace, if there is one: what else was sent in
// its place may be a secret.
func standing(ctx context.Context, r storage.Reader, name string) (string, error) {
	if !isWorkspaceName(name) {
		return "", nil
	}
	w, err := r.Workspace(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	return w.Name, err
}
