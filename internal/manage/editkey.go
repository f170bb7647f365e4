package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// KeyEdit states what is to be changed of a key; a field that isn't set stays
// as it is.
type KeyEdit struct {
	Name        Field[string]            `json:"name,omitzero"`
	Description Field[string]            `json:"description,omitzero"`
	Scopes      Field[[]string]          `json:"scopes,omitzero" doc:"Only narrower."`
	Status      Field[keys.Status]       `json:"status,omitzero" doc:"active or inactive."`
	Profile     Field[string]            `json:"profile,omitzero"`
	ExpiresAt   Field[string]            `json:"expires_at,omitzero" doc:"null: never."`
	ExpiresIn   Field[string]            `json:"expires_in,omitzero" doc:"Instead of expires_at: a duration."`
	AllowedIPs  Field[[]string]          `json:"allowed_ips,omitzero"`
	Metadata    Field[map[string]string] `json:"metadata,omitzero" doc:"Takes the place of all that there was."`

	// What can't be changed is known here so that the refusal can say so; the
	// documentation hides it.
	Environment Field[any] `json:"environment,omitzero" hidden:"true"`
	Project     Field[any] `json:"project,omitzero" hidden:"true"`
	Kind        Field[any] `json:"kind,omitzero" hidden:"true"`
	Workspace   Field[any] `json:"workspace,omitzero" hidden:"true"`

	Reason string `json:"reason,omitempty" doc:"Kept in the audit trail."`
	// IfMatch, where stated, is the ETag (KeyView.ETag) that the key must
	// still have; "*" is any. As RFC 9110 section 13.1.1 writes the header:
	// stated and empty, it lists no ETag, and none matches.
	IfMatch Field[string] `json:"-"`
}

// EditKey implements Service.
func (m *Manager) EditKey(ctx context.Context, call Call, id keys.ID, edit KeyEdit) (KeyView, error) {
	d, err := m.begin(ctx, call, "key.edit", id)
	if err != nil {
		return KeyView{}, err
	}
	if err := m.checkEdit(&edit); err != nil {
		return KeyView{}, err
	}
	var out KeyView
	err = m.act(ctx, d, "edit key", func(tx storage.Tx, to reach) error {
		change, err := m.changing(ctx, tx, d, to)
		if err != nil {
			return err
		}
		if err := change.apply(ctx, &edit); err != nil {
			return err
		}
		change.entry.Reason = edit.Reason
		if err := change.save(ctx); err != nil {
			return err
		}
		out, err = viewWithUse(ctx, tx, change.key, change.now)
		return err
	})
	return out, err
}
