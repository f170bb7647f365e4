package dashboard_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// fill stores keys as a product with many customers has them, made half a year
// ago.
func fill(t testing.TB, f *fixture, n int) {
	t.Helper()
	ctx := context.Background()
	var cells []storage.UsageCell
	_, err := f.store.Update(ctx, func(tx storage.Tx) error {
		cells = cells[:0]
		for i := range n {
			id := keys.NewID()
			k := &keys.Key{
				ID: id, Digest: sha256.Sum256([]byte(id)), Name: fmt.Sprintf("Customer %d of team %d", i, i%97), Hint: "ks_live_abc…wxyz",
				Status: keys.Active, Kind: keys.CI, Environment: keys.Live, Scopes: []string{"read:projects", "write:projects", "read:usage"},
				Workspace: storage.DefaultWorkspace, Owner: fmt.Sprintf("customer %d", i), CreatedBy: "deploy", Lineage: id,
				CreatedAt: start.AddDate(0, -6, 0).Add(time.Duration(i) * time.Second),
			}
			if err := tx.InsertKey(ctx, k); err != nil {
				return err
			}
			if i%2 == 0 {
				cells = append(cells, storage.UsageCell{KeyID: id, Hour: start.AddDate(0, -5, 0).Truncate(time.Hour), Endpoint: "GET /x", Outcome: "2xx", Count: int64(i + 1), Last: start.AddDate(0, -5, 0)})
			}
		}
		return nil
	})
	must(t, err)
	must(t, f.store.ApplyUsage(ctx, storage.UsageBatch{Incarnation: "5e0f6a9c-0000-4000-8000-000000000001", Sequence: 1, Cells: cells}))
}

const manyKeys = 10_000

var linked = regexp.MustCompile(`(?:href|src)="\.\./\.\./(assets/[^"]+)"`)

func TestAFirstVisitIsSmallHoweverManyKeysThereAre(t *testing.T) {
	t.Parallel()
	f := setup(t)
	fill(t, f, manyKeys)
	b := f.signIn(t, f.token)
	page := b.get(t, "/w/default/keys")
	wantPage(t, page, http.StatusOK, "1–50 of 10,000")
	const most = 150_000
	if len(page.text) >= most {
		t.Errorf("the list is %d bytes of HTML, want fewer than %d", len(page.text), most)
	}
	sum := 0
	for _, target := range []string{"/sign-in", "/w/default/keys"} {
		sum += len(b.ask(t, http.MethodGet, target, nil, "Accept-Encoding: gzip, br").text)
	}
	assets := linked.FindAllStringSubmatch(page.text, -1)
	for _, asset := range assets {
		got := b.ask(t, http.MethodGet, "/"+asset[1], nil, "Accept-Encoding: gzip, br")
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %d %v", asset[1], got.StatusCode, got.Header)
		}
		sum += len(got.text)
	}
	const mostOfAll = 60_000
	if sum >= mostOfAll || len(assets) < 3 {
		t.Errorf("a first visit is %d bytes in %d files, want fewer than %d", sum, len(assets)+2, mostOfAll)
	}
	t.Logf("the list is %d bytes of HTML; sign-in, list, style, script and logo are %d bytes as transferred", len(page.text), sum)
}

func BenchmarkListOfManyKeys(b *testing.B) {
	f := setup(b)
	fill(b, f, manyKeys)
	visitor := f.signIn(b, f.token)
	for name, target := range map[string]string{
		"newest": "/w/default/keys", "byCalls": "/w/default/keys?sort=-calls", "byName": "/w/default/keys?sort=name&page=100",
		"search": "/w/default/keys?q=customer+77", "unused": "/w/default/keys?only=unused", "usage": "/w/default/usage?span=90d",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "http://keys.example"+target, nil)
				r.AddCookie(visitor.cookie)
				w := httptest.NewRecorder()
				f.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("answered %d: %s", w.Code, w.Body)
				}
			}
		})
	}
}
