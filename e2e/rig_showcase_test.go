package e2e

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// showcase is a workspace as a small company has one after some months.
type showcase struct {
	t       testing.TB
	store   storage.Store
	manager *manage.Manager
	clock   time.Time
	random  *rand.Rand
	batches int64
}

// shownKey is a key of the showcase: how busy it is, and what becomes of it.
type shownKey struct {
	name, project, owner string
	env                  keys.Environment
	kind                 keys.Kind
	scopes               []string
	age, ends            int     // days; ends 0: never
	busy                 float64 // calls in an hour of the afternoon
	quiet                int     // days since the last call
	fate                 string
}

var shownKeys = []shownKey{
	{name: "Checkout backend", project: "storefront", owner: "payments team", scopes: []string{"read:projects", "write:projects"}, age: 210, busy: 340},
	{name: "Nightly export", project: "analytics", kind: keys.CI, scopes: []string{"read:projects"}, age: 160, ends: 45, busy: 60},
	{name: "Ann’s laptop", scopes: []string{"all"}, age: 35, ends: 20, busy: 3},
	{name: "GitHub Actions: deploy", project: "storefront", kind: keys.CI, scopes: []string{"read:projects", "write:projects", "manage:api-keys"}, age: 90, busy: 12},
	{name: "Mobile app (staging)", project: "storefront", env: keys.Test, scopes: []string{"read:projects"}, age: 60, busy: 25},
	{name: "Partner: Halfpipe GmbH", project: "partners", owner: "Halfpipe GmbH", scopes: []string{"read:projects"}, age: 300, busy: 80},
	{name: "Old importer", project: "analytics", scopes: []string{"write:projects"}, age: 400, busy: 4, quiet: 130},
	{name: "Load test", env: keys.Test, scopes: []string{"all"}, age: 120, quiet: 100, busy: 9, fate: "inactive"},
	{name: "Zapier", scopes: []string{"read:projects"}, age: 250, busy: 2, quiet: 40, fate: "revoked"},
	{name: "Conference demo", env: keys.Test, scopes: []string{"read:projects"}, age: 100, ends: -30, busy: 6, quiet: 30},
	{name: "Data warehouse", project: "analytics", kind: keys.Project, owner: "data team", scopes: []string{"read:projects"}, age: 75, ends: 290, busy: 150},
	{name: "Support tool", scopes: []string{"read:projects", "write:projects"}, age: 14, busy: 18},
}

// furnishShowcase fills the store of a gate that wasn't started yet.
func furnishShowcase(g *gate) (ids map[string]keys.ID) {
	g.t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(g.db) // which makes it
	if err != nil {
		g.t.Fatal(err)
	}
	s := &showcase{t: g.t, store: store, clock: time.Now(), random: rand.New(rand.NewPCG(6, 6))}
	defer func() { _ = store.Close() }()
	s.must(store.Migrate(ctx))
	format, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	s.must(err)
	s.manager, err = manage.New(manage.Config{
		Store: store, Format: format, Now: func() time.Time { return s.clock }, RotationGrace: 7 * 24 * time.Hour,
	})
	s.must(err)
	call := manage.Call{Actor: manage.CommandActor("ann")}
	s.clock = time.Now().AddDate(-1, -2, 0)
	for _, name := range []string{"analytics", "partners", "storefront"} {
		_, err := s.manager.CreateProject(ctx, call, manage.NewProject{Name: name})
		s.must(err)
	}
	for _, name := range []string{"acme", "globex"} {
		_, err := s.manager.CreateWorkspace(ctx, call, manage.NewWorkspace{Name: name})
		s.must(err)
	}
	_, err = s.manager.CreateProfile(ctx, call, manage.NewProfile{Name: "premium"})
	s.must(err)
	ids = map[string]keys.ID{}
	for i := range shownKeys {
		ids[shownKeys[i].name] = s.add(ctx, call, &shownKeys[i])
	}
	s.clock = time.Now().Add(-26 * time.Hour)
	made, err := s.manager.RotateKey(ctx, call, ids["Checkout backend"], manage.Rotation{Grace: "7d", Reason: "yearly rotation"})
	s.must(err)
	s.use(ctx, made.ID, &shownKey{busy: 260, age: 1, project: "storefront"})
	ids["Checkout backend, new"] = made.ID
	return ids
}

func (s *showcase) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *showcase) add(ctx context.Context, call manage.Call, k *shownKey) keys.ID {
	s.t.Helper()
	now := time.Now()
	s.clock = now.AddDate(0, 0, -k.age)
	ask := manage.NewKey{
		Name: k.name, Environment: k.env, Scopes: k.scopes, Kind: k.kind, Project: k.project, Owner: k.owner,
	}
	if k.kind == "" && k.project != "" {
		ask.Kind = keys.Project
	}
	if k.ends != 0 {
		ask.ExpiresAt = now.AddDate(0, 0, k.ends).UTC().Format(time.RFC3339)
	}
	made, err := s.manager.CreateKey(ctx, call, ask)
	s.must(err)
	s.use(ctx, made.ID, k)
	s.clock = now.AddDate(0, 0, -k.quiet)
	switch k.fate {
	case "inactive":
		_, err = s.manager.EditKey(ctx, call, made.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive), Reason: "no load tests until spring"})
	case "revoked":
		_, err = s.manager.RevokeKey(ctx, call, made.ID, manage.Revocation{Reason: "found in a public repository"})
	}
	s.must(err)
	return made.ID
}

// use counts calls of the last ninety days, as an office makes them, and notes
// the latest.
func (s *showcase) use(ctx context.Context, id keys.ID, k *shownKey) {
	s.t.Helper()
	now := time.Now().UTC()
	var cells []storage.UsageCell
	first := now.AddDate(0, 0, -min(90, k.age)).Truncate(time.Hour)
	last := now.AddDate(0, 0, -k.quiet)
	if k.quiet > 0 {
		first = last.AddDate(0, 0, -20).Truncate(time.Hour)
	}
	for hour := first; !hour.After(last); hour = hour.Add(time.Hour) {
		day := math.Exp(-math.Pow(float64(hour.Hour())-14, 2) / 40)
		if hour.Weekday() == time.Sunday || hour.Weekday() == time.Saturday {
			day *= .35
		}
		n := int64(k.busy * (day + .05) * (.75 + s.random.Float64()/2))
		for part, endpoint := range []string{"GET /v1/projects", "POST /v1/projects", "GET /v1/projects/{project}/*"} {
			count := n * []int64{6, 1, 3}[part] / 10
			cell := storage.UsageCell{
				KeyID: id, Hour: hour, Endpoint: endpoint, Project: k.project, Outcome: "2xx", Count: count, Cost: 0,
				Last: hour.Add(time.Duration(s.random.IntN(50)) * time.Minute),
			}
			if hour.Equal(now.Truncate(time.Hour)) {
				cell.Last = now.Add(-time.Duration(5+s.random.IntN(200)) * time.Second)
			}
			if count > 0 {
				cells = append(cells, cell)
			}
			if refused := count / 20; refused > 0 && part == 0 && s.random.IntN(5) == 0 {
				cell.Outcome, cell.Denied, cell.Count = "rate_limited", true, refused
				cells = append(cells, cell)
			}
			if part == 1 && count > 3 && s.random.IntN(9) == 0 {
				cell.Outcome, cell.Denied, cell.Count = "4xx", false, 2
				cells = append(cells, cell)
			}
		}
	}
	s.batches++
	s.must(s.store.ApplyUsage(ctx, storage.UsageBatch{
		Incarnation: "5e0f6a9c-0000-4000-8000-000000000006", Sequence: s.batches, Cells: cells, Calls: s.calls(id, last),
	}))
}

func (s *showcase) calls(id keys.ID, last time.Time) (calls []storage.NotedCall) {
	for i := range 14 {
		one := storage.NotedCall{
			KeyID: id, At: last.Add(-time.Duration(20+i*37) * time.Second), Method: "GET", Endpoint: "GET /v1/projects", Status: 200,
			Client: fmt.Sprintf("192.0.2.%d", 7+i%3),
		}
		switch i % 7 {
		case 2:
			one.Method, one.Endpoint, one.Status = "POST", "POST /v1/projects", 201
		case 5:
			one.Denied, one.Status = "rate_limited", 429
		}
		calls = append([]storage.NotedCall{one}, calls...)
	}
	return calls
}
