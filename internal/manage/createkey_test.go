package manage_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func many(n int, one func(i int) string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = one(i)
	}
	return out
}

func TestBadInputIsRefusedByNameAndMakesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	f.project(t, f.op, "apollo")
	rivals := f.workspace(t, "rivals", "")
	f.project(t, rivals, "theirs")
	word := func(n int) string { return strings.Repeat("x", n) }
	for name, row := range map[string]struct {
		ask   manage.NewKey
		param string
	}{
		"no name":                       {manage.NewKey{}, "name"},
		"name of spaces":                {manage.NewKey{Name: "      "}, "name"},
		"name of 2":                     {manage.NewKey{Name: "ab"}, "name"},
		"name of 2 and spaces":          {manage.NewKey{Name: " ab "}, "name"},
		"name of 101":                   {manage.NewKey{Name: word(101)}, "name"},
		"name of 101 wide characters":   {manage.NewKey{Name: strings.Repeat("é", 101)}, "name"},
		"name that ends a line":         {manage.NewKey{Name: "a line\n"}, "name"},
		"name with a line break":        {manage.NewKey{Name: "two\nlines"}, "name"},
		"name with a NUL":               {manage.NewKey{Name: "nul\x00byte"}, "name"},
		"name with an escape":           {manage.NewKey{Name: "red \x1b[31m"}, "name"},
		"name with a line separator":    {manage.NewKey{Name: "two\u2028lines"}, "name"},
		"name that is no UTF-8":         {manage.NewKey{Name: "bad \xff\xfe"}, "name"},
		"description of 1001":           {manage.NewKey{Description: word(1001)}, "description"},
		"description with a bell":       {manage.NewKey{Description: "ring\a"}, "description"},
		"unknown environment":           {manage.NewKey{Environment: "staging"}, "environment"},
		"environment in capitals":       {manage.NewKey{Environment: "LIVE"}, "environment"},
		"unknown kind":                  {manage.NewKey{Kind: "royal"}, "kind"},
		"project kind without project":  {manage.NewKey{Kind: keys.Project}, "project"},
		"personal kind with project":    {manage.NewKey{Kind: keys.Personal, Project: "apollo"}, "project"},
		"unknown project":               {manage.NewKey{Project: "nobodys"}, "project"},
		"project of another workspace":  {manage.NewKey{Project: "theirs"}, "project"},
		"project that can't be one":     {manage.NewKey{Project: "a/b"}, "project"},
		"unknown scope":                 {manage.NewKey{Scopes: []string{"read", "fly"}}, "scopes"},
		"scope with a space":            {manage.NewKey{Scopes: []string{"read write"}}, "scopes"},
		"empty scope":                   {manage.NewKey{Scopes: []string{""}}, "scopes"},
		"scope twice":                   {manage.NewKey{Scopes: []string{"read", "write", "read"}}, "scopes"},
		"101 scopes":                    {manage.NewKey{Scopes: make([]string, 101)}, "scopes"},
		"owner of 201":                  {manage.NewKey{Owner: word(201)}, "owner"},
		"owner with a line break":       {manage.NewKey{Owner: "ann\r\nX: y"}, "owner"},
		"unknown profile":               {manage.NewKey{Profile: "strict"}, "profile"},
		"unknown plan":                  {manage.NewKey{Plan: "gold"}, "plan"},
		"expiry in the past":            {manage.NewKey{ExpiresAt: "2026-11-22T12:30:15Z"}, "expires_at"},
		"expiry at this instant":        {manage.NewKey{ExpiresAt: "2026-11-22T12:30:15.123456Z"}, "expires_at"},
		"expiry that is no time":        {manage.NewKey{ExpiresAt: "tomorrow"}, "expires_at"},
		"expiry in the far future":      {manage.NewKey{ExpiresAt: "9999-12-31T23:59:59Z"}, "expires_at"},
		"expiry before year 10000":      {manage.NewKey{ExpiresAt: "9999-12-31T23:59:59-12:00"}, "expires_at"},
		"duration that is none":         {manage.NewKey{ExpiresIn: "soon"}, "expires_in"},
		"duration of nothing":           {manage.NewKey{ExpiresIn: "0d"}, "expires_in"},
		"negative duration":             {manage.NewKey{ExpiresIn: "-1d"}, "expires_in"},
		"endless duration":              {manage.NewKey{ExpiresIn: "99999999999999999999d"}, "expires_in"},
		"both expiries":                 {manage.NewKey{ExpiresAt: "2027-01-01", ExpiresIn: "1d"}, "expires_in"},
		"address that is none":          {manage.NewKey{AllowedIPs: []string{"10.0.0.256"}}, "allowed_ips"},
		"block that is none":            {manage.NewKey{AllowedIPs: []string{"10.0.0.0/33"}}, "allowed_ips"},
		"address with a zone":           {manage.NewKey{AllowedIPs: []string{"fe80::1%eth0"}}, "allowed_ips"},
		"empty address":                 {manage.NewKey{AllowedIPs: []string{""}}, "allowed_ips"},
		"101 addresses":                 {manage.NewKey{AllowedIPs: many(101, func(int) string { return "10.0.0.1" })}, "allowed_ips"},
		"metadata name with a space":    {manage.NewKey{Metadata: map[string]string{"a b": "c"}}, "metadata"},
		"metadata name of 41":           {manage.NewKey{Metadata: map[string]string{word(41): "c"}}, "metadata"},
		"metadata value of 501":         {manage.NewKey{Metadata: map[string]string{"a": word(501)}}, "metadata"},
		"metadata value with a control": {manage.NewKey{Metadata: map[string]string{"a": "\x00"}}, "metadata"},
		"51 metadata entries":           {manage.NewKey{Metadata: numbered(51)}, "metadata"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.ask.Name == "" && row.param != "name" {
				row.ask.Name = "good name"
			}
			_, err := f.CreateKey(t.Context(), f.op, row.ask)
			wantRefusal(t, err, problem.InvalidRequest, row.param)
			if !strings.HasPrefix(err.Error(), row.param+" ") {
				t.Errorf("the message doesn't begin with the field: %q", err)
			}
		})
	}
	if rows := f.mustList(t, f.op, manage.KeyQuery{}); len(rows.Data) != 0 {
		t.Errorf("bad input made %d keys", len(rows.Data))
	}
	for _, entry := range f.audit(t, "default") {
		if entry.Action == "key.create" {
			t.Errorf("bad input left an entry in the audit trail: %+v", entry)
		}
	}
}

func numbered(n int) map[string]string {
	out := map[string]string{}
	for i := range n {
		out["name-"+strconv.Itoa(i)] = "v"
	}
	return out
}

func TestRefusalsNeverRepeatWhatWasSent(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	pasted := "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"
	for _, ask := range []manage.NewKey{
		{Name: pasted + "\n"}, {Name: "good name", Scopes: []string{pasted}}, {Name: "good name", Project: pasted},
		{Name: "good name", Plan: pasted}, {Name: "good name", Profile: pasted}, {Name: "good name", ExpiresIn: pasted},
		{Name: "good name", ExpiresAt: pasted}, {Name: "good name", AllowedIPs: []string{pasted}},
		{Name: "good name", Kind: keys.Kind(pasted)}, {Name: "good name", Environment: keys.Environment(pasted)},
		{Name: "good name", Metadata: map[string]string{"x y" + pasted: "v"}},
	} {
		_, err := f.CreateKey(t.Context(), f.op, ask)
		if err != nil && strings.Contains(err.Error(), pasted) {
			t.Errorf("repeated: %v", err)
		}
	}
}

func TestEveryFieldIsKept(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	f.project(t, f.op, "apollo")
	made := f.mustCreate(t, f.op, manage.NewKey{
		Name: "  Nightly export ", Description: "two\nlines", Environment: keys.Test,
		Scopes: []string{"write", "read", "all", "manage:api-keys"}, Kind: keys.CI, Project: "apollo", Owner: "bob",
		ExpiresIn: "90d", Plan: "big", AllowedIPs: []string{"127.0.0.1", "10.0.0.0/8"}, Metadata: map[string]string{"team": "blue"},
	})
	end := start.Add(90 * 24 * time.Hour)
	want := manage.KeyView{
		ID: made.ID, Name: "Nightly export", Description: "two\nlines", Hint: made.Hint, Status: keys.Active, Kind: keys.CI,
		Environment: keys.Test, Scopes: []string{"write", "read", "all", "manage:api-keys"}, Workspace: "default",
		Project: "apollo", Owner: "bob", CreatedBy: "ann", CreatedAt: start, ExpiresAt: &end, Plan: "big",
		AllowedIPs: []string{"127.0.0.1", "10.0.0.0/8"}, Metadata: map[string]string{"team": "blue"}, ETag: made.ETag,
	}
	if diff := cmp.Diff(want, made.KeyView); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	shown, err := f.ShowKey(t.Context(), f.op, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	secret := made.Secret.Reveal()
	if !strings.HasPrefix(made.Hint, secret[:11]) || !strings.HasSuffix(made.Hint, secret[len(secret)-4:]) {
		t.Errorf("hint %q doesn't fit the secret", made.Hint)
	}
}

func TestDefaultsOfAKey(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.project(t, f.op, "apollo")
	for name, row := range map[string]struct {
		ask   manage.NewKey
		kind  keys.Kind
		owner string
	}{
		"personal without a project":   {manage.NewKey{}, keys.Personal, "ann"},
		"personal of somebody else":    {manage.NewKey{Owner: "bob"}, keys.Personal, "bob"},
		"project with a project":       {manage.NewKey{Project: "apollo"}, keys.Project, ""},
		"ci without a project":         {manage.NewKey{Kind: keys.CI}, keys.CI, ""},
		"ci with a project":            {manage.NewKey{Kind: keys.CI, Project: "apollo"}, keys.CI, ""},
		"project kind with an owner":   {manage.NewKey{Kind: keys.Project, Project: "apollo", Owner: "bob"}, keys.Project, "bob"},
		"any scope without catalogue":  {manage.NewKey{Scopes: []string{"fly:to/the.moon"}}, keys.Personal, "ann"},
		"a name of three characters":   {manage.NewKey{Name: "日本語"}, keys.Personal, "ann"},
		"a name of a hundred":          {manage.NewKey{Name: strings.Repeat("é", 100)}, keys.Personal, "ann"},
		"a name turned right to left":  {manage.NewKey{Name: "abc \u202e def"}, keys.Personal, "ann"},
		"a hundred scopes":             {manage.NewKey{Scopes: many(100, func(i int) string { return strings.Repeat("s", i+1) })}, keys.Personal, "ann"},
		"fifty entries of metadata":    {manage.NewKey{Metadata: numbered(50)}, keys.Personal, "ann"},
		"metadata with several lines":  {manage.NewKey{Metadata: map[string]string{"note": "a\nb"}}, keys.Personal, "ann"},
		"an end at the first instant":  {manage.NewKey{ExpiresAt: "2026-11-22T12:30:15.2Z"}, keys.Personal, "ann"},
		"an end in another time zone":  {manage.NewKey{ExpiresAt: "2026-11-22T14:31:00+02:00"}, keys.Personal, "ann"},
		"an end on a day":              {manage.NewKey{ExpiresAt: "2027-01-01"}, keys.Personal, "ann"},
		"an end after a hundred years": {manage.NewKey{ExpiresIn: "36500d"}, keys.Personal, "ann"},
	} {
		t.Run(name, func(t *testing.T) {
			k := f.mustCreate(t, f.op, row.ask)
			if k.Kind != row.kind || k.Owner != row.owner || k.CreatedBy != "ann" {
				t.Errorf("kind %s, owner %q, made by %q; want %s, %q, ann", k.Kind, k.Owner, k.CreatedBy, row.kind, row.owner)
			}
			if k.Environment != keys.Live || k.Status != keys.Active || k.Workspace != "default" || k.TotalCalls != 0 || k.LastUsedAt != nil {
				t.Errorf("not a plain live key: %+v", k.KeyView)
			}
			if (row.ask.ExpiresAt+row.ask.ExpiresIn == "") != (k.ExpiresAt == nil) {
				t.Errorf("ends at %v", k.ExpiresAt)
			}
		})
	}
}

func TestAddressesAreKeptInOneSpelling(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for sent, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:DB8::0:1": "2001:db8::1",
		"10.1.2.3/8": "10.0.0.0/8", "::ffff:10.0.0.0/104": "10.0.0.0/8", "::ffff:0:0/90": "::ffc0:0:0/90", "2001:db8::/32": "2001:db8::/32",
	} {
		k := f.mustCreate(t, f.op, manage.NewKey{AllowedIPs: []string{sent}})
		if !slices.Equal(k.AllowedIPs, []string{want}) {
			t.Errorf("%s is kept as %v, want %s", sent, k.AllowedIPs, want)
		}
	}
}

func TestEveryKeyNeedsAProjectWhereTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	f := setup(t, func(c *manage.Config) { c.RequireProject = true })
	f.project(t, f.op, "apollo")
	_, err := f.CreateKey(t.Context(), f.op, manage.NewKey{Name: "no project"})
	wantRefusal(t, err, problem.InvalidRequest, "project")
	f.mustCreate(t, f.op, manage.NewKey{Project: "apollo"})
}

func TestKeysWithoutANameAreNumbered(t *testing.T) {
	t.Parallel()
	f := setup(t, func(c *manage.Config) { c.NameOptional = true })
	names := func() (got []string) {
		for range 2 {
			f.advance(time.Second)
			made, err := f.CreateKey(t.Context(), f.op, manage.NewKey{})
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, made.Name)
		}
		return got
	}
	if got := names(); !slices.Equal(got, []string{"Key 1", "Key 2"}) {
		t.Errorf("named %q", got)
	}
	f.mustCreate(t, f.op, manage.NewKey{Name: "Key 41"})
	f.mustCreate(t, f.op, manage.NewKey{Name: "Key 99999999999999999999"})
	f.mustCreate(t, f.op, manage.NewKey{Name: "Monkey 77"})
	if got := names(); !slices.Equal(got, []string{"Key 42", "Key 43"}) {
		t.Errorf("named %q", got)
	}
	_, err := f.CreateKey(t.Context(), f.op, manage.NewKey{Name: "ab"})
	wantRefusal(t, err, problem.InvalidRequest, "name")
}

func TestMGMT08ParallelCreatesNeverPassThePlansLimit(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	const tries, most = 50, 10
	errs := make([]error, tries)
	var all sync.WaitGroup
	for i := range tries {
		all.Go(func() { _, errs[i] = f.CreateKey(t.Context(), f.op, manage.NewKey{Name: "a racer"}) })
	}
	all.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		wantRefusal(t, err, problem.PlanLimitReached, "")
	}
	if rows := f.mustList(t, f.op, manage.KeyQuery{}); made != most || len(rows.Data) != most {
		t.Errorf("%d creates succeeded and %d keys exist, want %d", made, len(rows.Data), most)
	}
}

func TestRevokedAndExpiredKeysMakeRoomInThePlan(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	first := f.mustCreate(t, f.op, manage.NewKey{})
	f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h"})
	for range 8 {
		f.mustCreate(t, f.op, manage.NewKey{})
	}
	full := func() {
		t.Helper()
		_, err := f.CreateKey(t.Context(), f.op, manage.NewKey{Name: "one more"})
		wantRefusal(t, err, problem.PlanLimitReached, "")
	}
	full()
	if _, err := f.RevokeKey(t.Context(), f.op, first.ID, manage.Revocation{}); err != nil {
		t.Fatal(err)
	}
	f.mustCreate(t, f.op, manage.NewKey{})
	full()
	f.advance(time.Hour)
	f.mustCreate(t, f.op, manage.NewKey{})
	full()
	// Another workspace has its own count, and its own plan.
	big := f.workspace(t, "big-team", "big")
	for range 12 {
		f.mustCreate(t, big, manage.NewKey{})
	}
}

func TestWorkspacesAreMadeBeforeTheyAreUsed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	call := manage.Call{Actor: f.op.Actor, Workspace: "nobodys"}
	_, err := f.CreateKey(t.Context(), call, manage.NewKey{Name: "good name"})
	wantRefusal(t, err, problem.NotFound, "")
	_, err = f.ListKeys(t.Context(), call, manage.KeyQuery{})
	wantRefusal(t, err, problem.NotFound, "")
	_, err = f.ShowKey(t.Context(), call, "key_x")
	wantRefusal(t, err, problem.NotFound, "")
	_, err = f.CreateToken(t.Context(), call, manage.NewToken{Name: "good name"})
	wantRefusal(t, err, problem.NotFound, "")
	_, err = f.ListTokens(t.Context(), call, manage.TokenQuery{})
	wantRefusal(t, err, problem.NotFound, "")
	_, err = f.CreateProject(t.Context(), call, manage.NewProject{Name: "good"})
	wantRefusal(t, err, problem.NotFound, "")
	_, err = f.ListProjects(t.Context(), call)
	wantRefusal(t, err, problem.NotFound, "")
}

func TestAStoreThatCantTellIsNeverARefusal(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := f.CreateKey(t.Context(), f.op, manage.NewKey{Name: "good name"})
	if _, refused := errors.AsType[*manage.Error](err); err == nil || refused {
		t.Fatalf("got %v, want an error that is no refusal", err)
	}
	p := manage.ProblemOf(err)
	if p.Code != problem.StoreUnavailable || p.RetryAfterSeconds() < 1 || strings.Contains(p.Text(), "closed") {
		t.Errorf("callers are told %s: %s", p.Code, p.Text())
	}
	if !strings.HasPrefix(err.Error(), "create key: ") {
		t.Errorf("the error doesn't say what was attempted: %v", err)
	}
}

func TestNewKeysStartALineageAndCarryTheirDigest(t *testing.T) {
	t.Parallel()
	hasher := keys.NewHasher([]keys.Secret{keys.NewSecret("pepper")})
	f := setup(t, func(c *manage.Config) { c.Hasher = hasher })
	made := f.mustCreate(t, f.op, manage.NewKey{})
	digest, pepper := hasher.New(made.Secret)
	got, err := f.store.Lookup(t.Context(), []keys.Digest{digest})
	if err != nil || got.Key == nil {
		t.Fatalf("not found by its secret: %v", err)
	}
	if got.Key.Pepper != pepper {
		t.Errorf("it is kept under pepper %q, want %q", got.Key.Pepper, pepper)
	}
	if got.Key.ID != made.ID || got.Key.Lineage != made.ID {
		t.Errorf("found %s of lineage %s, want %s", got.Key.ID, got.Key.Lineage, made.ID)
	}
	if env, err := newFormat(t).Check(made.Secret.Reveal()); err != nil || env != keys.Live {
		t.Errorf("the secret is not well-formed: %s, %v", env, err)
	}
}
