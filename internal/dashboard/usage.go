package dashboard

import (
	"context"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

const (
	// sumWithin bounds how long a page adds usage up: it reads every hour of
	// every key.
	sumWithin = 4 * time.Second
	topRows   = 12
)

type usagePage struct {
	Use       manage.WorkspaceUse
	TooMuch   bool // there was more than could be added up in time
	Scales    []scaleLink
	Chart     *chart
	Endpoints parts
	Projects  parts
	Outcomes  parts
	Keys      []manage.KeyUse
	Unused    manage.FoundKeys
	Ending    manage.FoundKeys
	Query     string // of the project, for links
}

// showUsage is what all keys of the workspace, or of one of its projects, were
// used for, and which of them want looking after.
func showUsage(v *visit) error {
	project := v.r.URL.Query().Get("project")
	chosen := scaleOf(v.r.URL.Query().Get("span"))
	body := &usagePage{Scales: scaleLinks(chosen)}
	if project != "" {
		l := listing{Project: project, Page: 1}
		body.Query = "&" + l.query()[1:]
	}
	for i := range body.Scales {
		body.Scales[i].Link += body.Query
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), sumWithin)
	defer cancel()
	use, err := v.Service.UsageOfWorkspace(ctx, v.call, manage.WorkspaceUsageQuery{Project: project, Since: v.now.Sub(chosen.start(v.now)), Top: topRows})
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && v.r.Context().Err() == nil:
		body.TooMuch = true
	case err != nil:
		return err
	}
	body.Chart, body.Keys = chartOf(use.Hours, chosen, v.now), use.Keys
	body.Endpoints, body.Projects, body.Outcomes = partsOf(use.Endpoints), partsOf(use.Projects), partsOf(use.Outcomes)
	if body.Unused, err = v.few(project, unused); err != nil {
		return err
	}
	if body.Ending, err = v.few(project, ending); err != nil {
		return err
	}
	return v.page("usage", "usage", &page{Title: "Usage", Body: body})
}

// few are some keys of a list, and how many there are.
func (v *visit) few(project, only string) (manage.FoundKeys, error) {
	l := listing{Project: project, Only: only, Page: 1}
	if only == ending {
		l.Sort = "expires"
	}
	search := l.search()
	search.Limit = topRows
	return v.Service.FindKeys(v.r.Context(), v.call, search)
}
