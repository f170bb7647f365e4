package manage

import (
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// KeyView is a key as everybody sees it, with the names of the contract.
type KeyView struct {
	ID          keys.ID           `json:"id" example:"key_0a1b2c3d4e5f6g7h8i9j0k"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Hint        string            `json:"hint" doc:"The secret's prefix with its first three and last four characters." example:"ks_live_abc…wxyz"`
	Status      keys.Status       `json:"status" enum:"active,inactive,revoked,expired"`
	Kind        keys.Kind         `json:"kind" enum:"personal,project,ci"`
	Environment keys.Environment  `json:"environment" enum:"live,test"`
	Scopes      []string          `json:"scopes" nullable:"false"`
	Workspace   string            `json:"workspace"`
	Project     string            `json:"project" doc:"Empty: all of the workspace."`
	Owner       string            `json:"owner"`
	CreatedBy   string            `json:"created_by"`
	CreatedAt   time.Time         `json:"created_at"`
	ExpiresAt   *time.Time        `json:"expires_at" doc:"null: never."`
	LastUsedAt  *time.Time        `json:"last_used_at" doc:"null: not yet."`
	TotalCalls  int64             `json:"total_calls" doc:"Allowed calls; denials are counted apart."`
	Profile     string            `json:"profile"`
	Plan        string            `json:"plan" doc:"Of the key itself; empty: the workspace's."`
	AllowedIPs  []string          `json:"allowed_ips" nullable:"false" doc:"Empty: any address."`
	Metadata    map[string]string `json:"metadata"`
	Replaces    keys.ID           `json:"replaces"`
	ReplacedBy  keys.ID           `json:"replaced_by"`

	// ETag changes with whatever can be edited or ended; use doesn't change
	// it. A quoted string, as RFC 9110 section 8.8.3 writes it.
	ETag string `json:"-"`
}

// viewOf is how a key looks at a time, with what was counted for it.
func viewOf(k *keys.Key, total storage.UsageTotal, now time.Time) KeyView {
	v := KeyView{
		ID: k.ID, Name: k.Name, Description: k.Description, Hint: k.Hint, Status: k.StatusAt(now),
		Kind: k.Kind, Environment: k.Environment, Scopes: orEmpty(k.Scopes), Workspace: k.Workspace,
		Project: k.Project, Owner: k.Owner, CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt.UTC(),
		ExpiresAt: orNull(k.ExpiresAt), LastUsedAt: orNull(total.LastUsed), TotalCalls: total.Calls,
		Profile: k.Profile, Plan: k.Plan, AllowedIPs: orEmpty(k.AllowedIPs), Metadata: k.Metadata,
		Replaces: k.Replaces, ReplacedBy: k.ReplacedBy,
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	return v
}

// taggedView is viewOf with the ETag.
func taggedView(k *keys.Key, total storage.UsageTotal, now time.Time) KeyView {
	v := viewOf(k, total, now)
	v.ETag = etagOf(k)
	return v
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
