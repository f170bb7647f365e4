package manage

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
)

// BoundsOf says whose bounds are asked for.
type BoundsOf struct {
	Environment   keys.Environment
	Lineage       keys.ID
	Plan          string // of the key itself; empty: none
	WorkspacePlan string // as it is stored; empty: the default one
}

// Bounds is what the configuration holds a key to, wherever it is used; routes
// may have limits on top.
type Bounds struct {
	Rates           []RateUse
	KeyQuotas       []quota.Quota // of a key and those that it replaced
	WorkspaceQuotas []quota.Quota // of all keys of the workspace and environment
}

// RateUse is a rate limit and what is left of its bucket.
type RateUse struct {
	Name      string
	Rate      string // as the configuration writes it
	Burst     int64
	Remaining *int64 // as this process knows it; nil: it can't tell
}

// QuotaUse is a quota and what is left of it.
type QuotaUse struct {
	Shared bool // by all keys of the workspace and environment
	Period string
	Max    int64
	Used   int64 // cost, as far as it is stored
	EndsAt time.Time
}

// KeyLimits is what holds a key back, and how near it is.
type KeyLimits struct {
	Rates  []RateUse
	Quotas []QuotaUse
}

// LimitsOfKey returns a key's limits and their use.
func (m *Manager) LimitsOfKey(ctx context.Context, call Call, id keys.ID) (KeyLimits, error) {
	d, err := m.begin(ctx, call, "key.usage", id)
	if err != nil {
		return KeyLimits{}, err
	}
	var out KeyLimits
	err = m.look(ctx, d, "read limits", func(r storage.Reader, to reach) error {
		out = KeyLimits{}
		key, err := to.find(ctx, r, id)
		if err != nil || m.bounds == nil {
			return err
		}
		w, err := workspaceExists(ctx, r, d.workspace)
		if err != nil {
			return err
		}
		bounds := m.bounds(ctx, BoundsOf{Environment: key.Environment, Lineage: key.Lineage, Plan: key.Plan, WorkspacePlan: w.Plan})
		out.Rates = bounds.Rates
		if to.sees("") { // what all keys have used isn't for a project's key to know
			shared := storage.UsageOf{Workspace: d.workspace, Environment: key.Environment}
			if err := out.use(ctx, r, shared, bounds.WorkspaceQuotas, m.now()); err != nil {
				return err
			}
		}
		return out.use(ctx, r, storage.UsageOf{Lineage: key.Lineage}, bounds.KeyQuotas, m.now())
	})
	return out, err
}

func (l *KeyLimits) use(ctx context.Context, r storage.Reader, of storage.UsageOf, quotas []quota.Quota, now time.Time) error {
	for _, q := range quotas {
		used, err := r.UsageCost(ctx, of, q.Period.Start(now))
		if err != nil {
			return err
		}
		l.Quotas = append(l.Quotas, QuotaUse{
			Shared: of.Lineage == "", Period: q.Period.String(), Max: q.Max, Used: used, EndsAt: q.Period.End(now),
		})
	}
	return nil
}
