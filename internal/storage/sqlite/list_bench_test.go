package sqlite

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

const manyKeys = 100_000

// crowd fills a store with the keys of one large workspace, as a product with
// many customers would have them, and those of a small one. Of the large one's
// keys, ten belong to the owner rare, ten are of the project rare, and ten are
// called zebra; the oldest three thousand are called legacy.
func crowd(b *testing.B) *Store {
	b.Helper()
	s := setup(b)
	r := rand.New(rand.NewPCG(1, 2))
	for done := 0; done < manyKeys; {
		_, err := s.Update(b.Context(), func(tx storage.Tx) error {
			for range 1000 {
				if err := tx.InsertKey(b.Context(), crowdKey(r, done)); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		must(b, err)
	}
	return s
}

func crowdKey(r *rand.Rand, i int) *keys.Key {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	random := func(n int) string {
		text := make([]byte, n)
		for i := range text {
			text[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(text)
	}
	id := keys.ID("key_" + random(22))
	key := &keys.Key{
		ID: id, Digest: sha256.Sum256([]byte(id)), Name: fmt.Sprintf("Customer %d of team %d", i, i%97), Description: "One of many keys",
		Hint: "ks_live_" + random(3) + "…" + random(4), Status: keys.Active, Kind: keys.CI, Environment: keys.Live,
		Scopes: []string{"read:projects", "write:projects"}, AllowedIPs: []string{"192.0.2.0/24"}, Metadata: map[string]string{"team": "blue"},
		Workspace: storage.DefaultWorkspace, Owner: fmt.Sprintf("customer %d", i%5000), Project: fmt.Sprintf("project %d", i%50),
		CreatedBy: "deploy", CreatedAt: noon.Add(time.Duration(i) * time.Second), Lineage: id,
	}
	switch i % 100 {
	case 0, 1, 2, 3, 4:
		key.Status = keys.Revoked
	case 5, 6:
		key.Status = keys.Inactive
	case 7, 8:
		key.ExpiresAt = key.CreatedAt.Add(time.Hour)
	case 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24:
		key.Environment = keys.Test
	}
	switch {
	case i%10_000 == 77:
		key.Owner, key.Project, key.Name = "rare", "rare", "The zebra of "+random(5)
	case i < 3000:
		key.Name = fmt.Sprintf("Legacy key %d", i)
	case i%100 == 99:
		key.Workspace = "small"
	}
	return key
}

// questions are what is asked of the list, the first page of a hundred unless
// the filter says otherwise.
var questions = []struct {
	name   string
	filter storage.KeyFilter
}{
	{"all", storage.KeyFilter{}},
	{"all/middle", storage.KeyFilter{After: noon.Add(manyKeys / 2 * time.Second), AfterID: "key_"}},
	{"all/end", storage.KeyFilter{After: noon.Add(50 * time.Second), AfterID: "key_"}},
	{"active", storage.KeyFilter{Status: keys.Active}},
	{"inactive", storage.KeyFilter{Status: keys.Inactive}},
	{"revoked", storage.KeyFilter{Status: keys.Revoked}},
	{"expired", storage.KeyFilter{Status: keys.Expired}},
	{"expired,few", storage.KeyFilter{Status: keys.Expired, Now: noon.Add(9 * time.Hour)}},
	{"live", storage.KeyFilter{Environment: keys.Live}},
	{"test", storage.KeyFilter{Environment: keys.Test}},
	{"test+revoked,none", storage.KeyFilter{Environment: keys.Test, Status: keys.Revoked}},
	{"test+active", storage.KeyFilter{Environment: keys.Test, Status: keys.Active}},
	{"owner", storage.KeyFilter{Owner: "customer 4711"}},
	{"owner,rare", storage.KeyFilter{Owner: "rare"}},
	{"owner,none", storage.KeyFilter{Owner: "nobody"}},
	{"owner+revoked", storage.KeyFilter{Owner: "customer 4711", Status: keys.Revoked}},
	{"project", storage.KeyFilter{Project: "project 7"}},
	{"project+test", storage.KeyFilter{Project: "project 7", Environment: keys.Test}},
	{"project+expired,none", storage.KeyFilter{Project: "project 3", Status: keys.Expired}},
	{"project,rare", storage.KeyFilter{Project: "rare"}},
	{"project+owner", storage.KeyFilter{Project: "project 11", Owner: "customer 4711"}},
	{"q=customer", storage.KeyFilter{Query: "Customer"}},
	{"q=zebra", storage.KeyFilter{Query: "zebra"}},
	{"q=legacy", storage.KeyFilter{Query: "legacy"}},
	{"q=customer 12", storage.KeyFilter{Query: "customer 12"}},
	{"q=team 9", storage.KeyFilter{Query: "team 9"}},
	{"q=nothing", storage.KeyFilter{Query: "nothing like it"}},
	{"q=number", storage.KeyFilter{Query: "Customer 41234 of"}},
	{"q=long", storage.KeyFilter{Query: strings.Repeat("customer of team ", 11)}},
	{"q=hint", storage.KeyFilter{Query: "ks_live_a"}},
	{"q=two letters", storage.KeyFilter{Query: "cu"}},
	{"q=two letters,none", storage.KeyFilter{Query: "~~"}},
	{"q=customer+test", storage.KeyFilter{Query: "customer", Environment: keys.Test}},
	{"q=customer+revoked", storage.KeyFilter{Query: "customer", Status: keys.Revoked}},
	{"q=customer+owner", storage.KeyFilter{Query: "customer", Owner: "rare"}},
	{"q=customer+project", storage.KeyFilter{Query: "customer", Project: "project 7"}},
	{"q=~+project,none", storage.KeyFilter{Query: "~", Project: "project 7"}},
	{"q=legacy+project", storage.KeyFilter{Query: "legacy", Project: "project 7"}},
}

// BenchmarkList asks each question again and again of 100,000 keys, and
// reports what the slowest of a hundred answers takes.
func BenchmarkList(b *testing.B) {
	s := crowd(b)
	for _, q := range questions {
		f := q.filter
		f.Workspace, f.Limit = storage.DefaultWorkspace, 101
		if f.Now.IsZero() {
			f.Now = noon.Add(2 * manyKeys * time.Second)
		}
		b.Run(q.name, func(b *testing.B) {
			var took []time.Duration
			rows := 0
			for b.Loop() {
				start := time.Now()
				page, err := page(b.Context(), s, f)
				must(b, err)
				took, rows = append(took, time.Since(start)), len(page)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(rows), "rows")
		})
	}
}

func page(ctx context.Context, s *Store, f storage.KeyFilter) (page []keys.Key, err error) {
	err = s.View(ctx, func(r storage.Reader) error {
		page, err = r.Keys(ctx, f)
		return err
	})
	return page, err
}
