package migrate

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/postgres"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// BenchmarkKeysFromSQLiteToPostgreSQL moves 20,000 keys, each with its entry of
// the trail and its use.
func BenchmarkKeysFromSQLiteToPostgreSQL(b *testing.B) {
	const many = 20_000
	from, err := sqlite.Open(filepath.Join(b.TempDir(), "keys.db"))
	check(b, err)
	check(b, from.Migrate(b.Context()))
	used := storage.UsageBatch{Incarnation: "node", Sequence: 1}
	_, err = from.Update(b.Context(), func(tx storage.Tx) error {
		for i := range many {
			id := keys.ID(fmt.Sprintf("key_%05d", i))
			k := &keys.Key{ID: id, Digest: digestOf(string(id)), Name: "A key", Status: keys.Active, Kind: keys.CI, Environment: keys.Live,
				Workspace: storage.DefaultWorkspace, CreatedAt: noon, Lineage: id, Scopes: []string{"read:projects"}}
			if err := tx.InsertKey(b.Context(), k); err != nil {
				return err
			}
			if err := tx.AppendAudit(b.Context(), entry("aud_"+string(id))); err != nil {
				return err
			}
			used.Cells = append(used.Cells, storage.UsageCell{KeyID: id, Hour: noon, Endpoint: "GET /v1/projects", Outcome: "2xx", Count: 1, Cost: 1, Last: noon})
		}
		return nil
	})
	check(b, err)
	check(b, from.ApplyUsage(b.Context(), used))
	for b.Loop() {
		to := newPostgres(b)
		_, err := migration(from, to).Run(b.Context())
		check(b, err)
		check(b, to.Close())
		check(b, Abort(context.Background(), from))
	}
	b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
	check(b, from.Close())
}

func newPostgres(b *testing.B) Store {
	b.Helper()
	p, err := server.Get()
	check(b, err)
	name := fmt.Sprintf("bench_%d", databases.Add(1))
	check(b, p.Create(name))
	cfg, err := postgres.ParseDSN(p.DSN(name))
	check(b, err)
	s := postgres.Open(cfg, postgres.Part())
	check(b, s.Migrate(b.Context()))
	return s
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
