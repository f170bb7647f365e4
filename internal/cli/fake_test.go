package cli

import (
	"context"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// fake is a service that was told what to answer; what it wasn't told about, it
// hands on.
type fake struct {
	manage.Service
	err     error
	edits   []manage.KeyEdit
	revoked manage.Receipt
	made    manage.CreatedKey
	calls   manage.ActivityView
	audits  []manage.Page[manage.AuditView] // one page after the other
	asked   []manage.AuditQuery
	by      []manage.Call
}

func (f *fake) EditKey(_ context.Context, by manage.Call, id keys.ID, edit manage.KeyEdit) (manage.KeyView, error) {
	f.by, f.edits = append(f.by, by), append(f.edits, edit)
	return manage.KeyView{ID: id}, f.err
}

func (f *fake) RevokeKey(_ context.Context, _ manage.Call, id keys.ID, _ manage.Revocation) (manage.RevokedKey, error) {
	return manage.RevokedKey{KeyView: manage.KeyView{ID: id, Name: "a key"}, Receipt: f.revoked}, f.err
}

func (f *fake) CreateKey(context.Context, manage.Call, manage.NewKey) (manage.CreatedKey, error) {
	return f.made, f.err
}

func (f *fake) KeyActivity(context.Context, manage.Call, keys.ID, manage.ActivityQuery) (manage.ActivityView, error) {
	return f.calls, f.err
}

func (f *fake) ListAudit(_ context.Context, _ manage.Call, query manage.AuditQuery) (manage.Page[manage.AuditView], error) {
	f.asked = append(f.asked, query)
	return f.audits[min(len(f.asked), len(f.audits))-1], f.err
}

func ptr[T any](value T) *T { return &value }

// hour is a time so many hours before the tests begin.
func hour(n int) time.Time { return start.Add(-time.Duration(n) * time.Hour) }

// broken fails where it is asked to show a key.
type broken struct{ manage.Service }

func (*broken) ShowKey(context.Context, manage.Call, keys.ID) (manage.KeyView, error) {
	return manage.KeyView{}, errors.New("disk on fire")
}
