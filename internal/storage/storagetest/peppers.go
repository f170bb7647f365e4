package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var pepperGuarantees = []guarantee{
	{"LivingKeysAndTokensAreCountedByPepper", livingByPepper},
}

func livingByPepper(t *testing.T, f *fixture) {
	const a, b, gone = keys.PepperID("aaaaaaaaaaaaaaaa"), keys.PepperID("bbbbbbbbbbbbbbbb"), keys.PepperID("cccccccccccccccc")
	under := func(p keys.PepperID, adjust ...func(*keys.Key)) func(*keys.Key) {
		return func(k *keys.Key) {
			k.Pepper = p
			for _, change := range adjust {
				change(k)
			}
		}
	}
	ending := func(at time.Time) func(*keys.Key) { return func(k *keys.Key) { k.ExpiresAt = at } }
	f.insert(t,
		newKey("key_plain"), newKey("key_a", under(a)), newKey("key_later", under(a, ending(noon.Add(time.Microsecond)))),
		newKey("key_paused", under(b, func(k *keys.Key) { k.Status = keys.Inactive })),
		newKey("key_elsewhere", under(b, func(k *keys.Key) { k.Workspace = "acme" })),
		newKey("key_ended", under(gone, ending(noon))),
		newKey("key_revoked", under(gone, func(k *keys.Key) { k.Status = keys.Revoked })),
	)
	token, ended := newToken("tok_b", "acme", noon), newToken("tok_gone", "", noon)
	token.Pepper, ended.Pepper, ended.ExpiresAt = b, gone, noon
	f.insertTokens(t, token, ended, newToken("tok_plain", "", noon))

	peppers := func() map[keys.PepperID]int {
		return read(t, f.store, func(ctx context.Context, r storage.Reader) (map[keys.PepperID]int, error) {
			return r.Peppers(ctx, noon)
		})
	}
	wantEqual(t, "counted", peppers(), map[keys.PepperID]int{a: 2, b: 3})
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteToken(ctx, "acme", "tok_b") })
	wantEqual(t, "counted without a token", peppers(), map[keys.PepperID]int{a: 2, b: 2})
}
