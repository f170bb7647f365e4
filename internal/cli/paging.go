package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// paging are the flags of lists that come in pages.
type paging struct {
	limit  int
	cursor string
	all    bool
}

func (o *paging) define(c *cobra.Command) {
	c.Flags().IntVar(&o.limit, "limit", 0, "how many at once, `N` from 1 to 1000 (100 unless stated)")
	c.Flags().StringVar(&o.cursor, "cursor", "", "go on from `CURSOR`, where the list before ended")
	c.Flags().BoolVar(&o.all, "all", false, "all there are, page by page")
}

// check refuses a limit that is stated and none.
func (o *paging) check(stated func(string) bool) error {
	return checkLimit(stated, o.limit, largestPage)
}

// checkLimit refuses a limit of 0 as well, by which a service understands that
// none is stated.
func checkLimit(stated func(string) bool, limit, most int) error {
	if stated("limit") && (limit < 1 || limit > most) {
		return &manage.Error{Problem: problem.Problem{
			Code: problem.InvalidRequest, Param: "limit", Message: fmt.Sprintf("limit must be 1 to %d.", most),
		}}
	}
	return nil
}

// largestPage is what a list gives at once at most.
const largestPage = 1000

var errCircle = errors.New("the list doesn't end: its next page begins where this one did")

// turn gets one page, or all from there on as one.
func turn[T any](o paging, get func(limit int, cursor string) (manage.Page[T], error)) (manage.Page[T], error) {
	limit := o.limit
	if o.all && limit == 0 {
		limit = largestPage
	}
	rows, err := get(limit, o.cursor)
	for o.all && err == nil && rows.NextCursor != nil {
		var next manage.Page[T]
		at := *rows.NextCursor
		if next, err = get(limit, at); err == nil && next.NextCursor != nil && *next.NextCursor == at {
			err = errCircle
		}
		rows.Data, rows.NextCursor = append(rows.Data, next.Data...), next.NextCursor
	}
	return rows, err
}

// more says that the list goes on.
func (p *page) more(cursor *string) {
	if cursor != nil {
		p.line("\nThere are more: repeat with --all, or with --cursor %s", plain(*cursor))
	}
}
