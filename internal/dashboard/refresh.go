package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// fresh is what changes about a key while a page with it is open.
type fresh struct {
	Status     string     `json:"status"`
	LastUsedAt *time.Time `json:"last_used_at"`
	TotalCalls int64      `json:"total_calls"`
}

func freshOf(k *manage.KeyView) fresh {
	return fresh{statusName(k.Status), k.LastUsedAt, k.TotalCalls}
}

// refreshKeys is what a list that is open asks for every few seconds.
func refreshKeys(v *visit) error {
	l, err := readListing(v.r.URL.Query())
	if err != nil {
		return err
	}
	found, err := v.Service.FindKeys(v.r.Context(), v.call, l.search())
	if err != nil {
		return err
	}
	all := map[keys.ID]fresh{}
	for i := range found.Data {
		all[found.Data[i].ID] = freshOf(&found.Data[i])
	}
	return v.json(all)
}

// refreshKey is what the page of a key asks for.
func refreshKey(v *visit) error {
	key, err := v.Service.ShowKey(v.r.Context(), v.call, v.keyID())
	if err != nil {
		return err
	}
	all := map[keys.ID]fresh{key.ID: freshOf(&key)}
	for _, other := range []keys.ID{key.Replaces, key.ReplacedBy} {
		if other == "" {
			continue
		}
		if near, err := v.Service.ShowKey(v.r.Context(), v.call, other); err == nil {
			all[near.ID] = freshOf(&near)
		}
	}
	return v.json(all)
}

func (v *visit) json(document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("encode what is fresh: %w", err)
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.send(http.StatusOK, body, true)
	return nil
}

func (v *visit) keyID() keys.ID { return keys.ID(v.r.PathValue("id")) }
