package dashboard

import (
	"net/url"
	"strconv"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const (
	pageSize = 50
	// unusedFor and endsWithin are what "unused" and "ending soon" mean.
	unusedFor  = 90 * 24 * time.Hour
	endsWithin = 30 * 24 * time.Hour

	unused = "unused"
	ending = "ending"
)

// listing is which keys a list shows, as its address says it.
type listing struct {
	Search      string
	Status      string
	Environment string
	Project     string
	Owner       string
	Only        string // unused, ending; empty: all
	Sort        string // empty: newest first
	Descending  bool
	Page        int // from 1
}

// readListing reads the query of an address. What it doesn't know it refuses,
// rather than to show other keys than those that were asked for.
func readListing(q url.Values) (listing, error) {
	l := listing{
		Search: q.Get("q"), Status: q.Get("status"), Environment: q.Get("environment"), Project: q.Get("project"),
		Owner: q.Get("owner"), Only: q.Get("only"), Sort: q.Get("sort"), Page: 1,
	}
	if len(l.Sort) > 0 && l.Sort[0] == '-' {
		l.Sort, l.Descending = l.Sort[1:], true
	}
	if l.Only != "" && l.Only != unused && l.Only != ending {
		return l, badQuery("only", "only must be unused or ending.")
	}
	if text := q.Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > manage.MostSkipped/pageSize+1 {
			return l, badQuery("page", "There is no such page: narrow the search.")
		}
		l.Page = n
	}
	return l, nil
}

func badQuery(param, message string) error {
	return &manage.Error{Problem: problem.Problem{Code: problem.InvalidRequest, Param: param, Message: message}}
}

// search is what the listing asks for.
func (l *listing) search() manage.KeySearch {
	s := manage.KeySearch{
		KeyQuery: manage.KeyQuery{
			Status: keys.Status(l.Status), Environment: keys.Environment(l.Environment), Project: l.Project,
			Owner: l.Owner, Search: l.Search, Limit: pageSize,
		},
		Order: l.Sort, Descending: l.Descending, Skip: (l.Page - 1) * pageSize,
	}
	switch l.Only {
	case unused:
		s.UnusedFor = unusedFor
	case ending:
		s.EndsWithin = endsWithin
	}
	return s
}

// filtered reports whether there may be keys that the listing leaves out.
func (l *listing) filtered() bool {
	return l.Search+l.Status+l.Environment+l.Project+l.Owner+l.Only != ""
}

// query writes the listing down as readListing reads it.
func (l *listing) query() string {
	q := url.Values{}
	sort := l.Sort
	if l.Descending {
		sort = "-" + sort
	}
	for name, value := range map[string]string{
		"q": l.Search, "status": l.Status, "environment": l.Environment, "project": l.Project, "owner": l.Owner,
		"only": l.Only, "sort": sort,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if l.Page > 1 {
		q.Set("page", strconv.Itoa(l.Page))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// column is the head of a column of the list.
type column struct {
	Label  string
	Link   string // to the list in its order; empty: it has none
	Sorted string // ascending or descending; empty: the list isn't in its order
	Number bool
}

// columns are the heads of the list, with the order that a click asks for:
// names from A, all else from the most or latest.
func (l *listing) columns() []column {
	all := []column{
		{Label: "Key"}, {Label: "Status"}, {Label: "Scopes"}, {Label: "Project"}, {Label: "Created"}, {Label: "Expires"},
		{Label: "Last used"}, {Label: "Calls", Number: true},
	}
	for i, sort := range []string{"name", "", "", "", "created", "expires", "used", "calls"} {
		if sort == "" {
			continue
		}
		to := *l
		to.Sort, to.Descending, to.Page = sort, sort != "name" && sort != "expires", 1
		switch {
		case l.Sort == sort && l.Descending:
			all[i].Sorted = "descending"
			to.Descending = false
		case l.Sort == sort:
			all[i].Sorted = "ascending"
			to.Descending = true
		case l.Sort == "" && sort == "created":
			all[i].Sorted = "descending"
			to.Descending = false
		}
		all[i].Link = to.query()
	}
	return all
}

// paged is the same listing at another page.
func (l *listing) paged(page int) string {
	to := *l
	to.Page = page
	if query := to.query(); query != "" {
		return query
	}
	return "?"
}
