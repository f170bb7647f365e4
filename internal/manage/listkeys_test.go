package manage_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// names walks through all pages.
func (f *fixture) names(t *testing.T, query manage.KeyQuery) (names []string, pages int) {
	t.Helper()
	for pages = 1; ; pages++ {
		rows := f.mustList(t, f.op, query)
		for _, row := range rows.Data {
			names = append(names, row.Name)
		}
		if rows.NextCursor == nil {
			return names, pages
		}
		query.Cursor = *rows.NextCursor
	}
}

func TestPagesHoldEveryKeyOnceNewestFirst(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var want []string
	for i := range 10 {
		f.mustCreate(t, f.op, manage.NewKey{Name: fmt.Sprintf("key %d", i)})
		want = append(want, fmt.Sprintf("key %d", i))
		f.advance(time.Microsecond)
	}
	slices.Reverse(want)
	for limit, wantPages := range map[int]int{0: 1, 3: 4, 5: 2, 9: 2, 10: 1, 1: 10} {
		got, pages := f.names(t, manage.KeyQuery{Limit: limit})
		if !slices.Equal(got, want) || pages != wantPages {
			t.Errorf("limit %d gives %d pages of %q", limit, pages, got)
		}
	}
}

func TestKeysMadeAtOneInstantStandOnOnePageEach(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 7 {
		f.mustCreate(t, f.op, manage.NewKey{})
	}
	seen := map[keys.ID]bool{}
	query := manage.KeyQuery{Limit: 2}
	for range 4 {
		rows := f.mustList(t, f.op, query)
		for _, row := range rows.Data {
			seen[row.ID] = true
		}
		if rows.NextCursor != nil {
			query.Cursor = *rows.NextCursor
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d keys on four pages of two, want 7", len(seen))
	}
}

func TestFiltersSelect(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.project(t, f.op, "px")
	f.mustCreate(t, f.op, manage.NewKey{Name: "plain 100%"})
	f.mustCreate(t, f.op, manage.NewKey{Name: "a test key", Environment: keys.Test})
	f.mustCreate(t, f.op, manage.NewKey{Name: "in a project", Project: "px"})
	f.mustCreate(t, f.op, manage.NewKey{Name: "of bob", Owner: "bob"})
	f.mustCreate(t, f.op, manage.NewKey{Name: "ends soon", ExpiresIn: "1s"})
	ended := f.mustCreate(t, f.op, manage.NewKey{Name: "revoked"})
	if _, err := f.RevokeKey(t.Context(), f.op, ended.ID, manage.Revocation{}); err != nil {
		t.Fatal(err)
	}
	f.advance(time.Second)
	for name, row := range map[string]struct {
		query manage.KeyQuery
		want  []string
	}{
		"status revoked":       {manage.KeyQuery{Status: keys.Revoked}, []string{"revoked"}},
		"status expired":       {manage.KeyQuery{Status: keys.Expired}, []string{"ends soon"}},
		"status active":        {manage.KeyQuery{Status: keys.Active}, []string{"a test key", "in a project", "of bob", "plain 100%"}},
		"environment":          {manage.KeyQuery{Environment: keys.Test}, []string{"a test key"}},
		"project":              {manage.KeyQuery{Project: "px"}, []string{"in a project"}},
		"owner":                {manage.KeyQuery{Owner: "bob"}, []string{"of bob"}},
		"part of a name":       {manage.KeyQuery{Search: "PLAIN"}, []string{"plain 100%"}},
		"an ID":                {manage.KeyQuery{Search: string(ended.ID)}, []string{"revoked"}},
		"a wildcard of SQL":    {manage.KeyQuery{Search: "%"}, []string{"plain 100%"}},
		"a quote":              {manage.KeyQuery{Search: `' OR 1=1 --`}, nil},
		"nothing of that kind": {manage.KeyQuery{Project: "px", Environment: keys.Test}, nil},
	} {
		got, _ := f.names(t, row.query)
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s selects %q, want %q", name, got, row.want)
		}
	}
}

func TestBadFiltersAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	encoded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, row := range map[string]struct {
		query manage.KeyQuery
		param string
	}{
		"status":                   {manage.KeyQuery{Status: "glorious"}, "status"},
		"environment":              {manage.KeyQuery{Environment: "staging"}, "environment"},
		"negative limit":           {manage.KeyQuery{Limit: -1}, "limit"},
		"limit of 1001":            {manage.KeyQuery{Limit: 1001}, "limit"},
		"project with a NUL":       {manage.KeyQuery{Project: "\x00"}, "project"},
		"owner that is no UTF-8":   {manage.KeyQuery{Owner: "\xff"}, "owner"},
		"search with a line break": {manage.KeyQuery{Search: "a\nb"}, "q"},
		"cursor of nonsense":       {manage.KeyQuery{Cursor: "!!nonsense"}, "cursor"},
		"cursor without an ID":     {manage.KeyQuery{Cursor: encoded("1,")}, "cursor"},
		"cursor without a time":    {manage.KeyQuery{Cursor: encoded("x,key_a")}, "cursor"},
		"cursor of great length":   {manage.KeyQuery{Cursor: encoded(fmt.Sprintf("1,%0400d", 1))}, "cursor"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.ListKeys(t.Context(), f.op, row.query)
			wantRefusal(t, err, problem.InvalidRequest, row.param)
		})
	}
}
