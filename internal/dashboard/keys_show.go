package dashboard

import (
	"slices"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const (
	shownCalls   = 20
	shownEntries = 20
	shownParts   = 12 // of a list of endpoints, projects or outcomes
)

type keyPage struct {
	Key       manage.KeyView
	Actions   []action
	Limits    manage.KeyLimits
	Scales    []scaleLink
	Chart     *chart
	Endpoints parts
	Projects  parts
	Outcomes  parts
	Activity  manage.ActivityView
	Trail     []trailEntry
	Rotation  *rotation
	Refresh   string
	Metadata  []pair
}

type action struct{ Name, Title string }

type pair struct{ Name, Value string }

type scaleLink struct {
	Label, Link string
	Current     bool
}

// parts is what calls are made of.
type parts struct {
	Rows []part
	Left int // rows that are not shown
}

type part struct {
	Name          string
	Calls, Denied int64
	Share         int // of all allowed and denied calls, in percent
}

// showKey is all that is known about a key.
func showKey(v *visit) error {
	key, err := v.Service.ShowKey(v.r.Context(), v.call, v.keyID())
	if err != nil {
		return err
	}
	body := &keyPage{Key: key, Refresh: v.here("keys", string(key.ID), "refresh.json")}
	for _, name := range []string{"rotate", "deactivate", "reactivate", "revoke", "delete"} {
		if one := deeds[name]; one.can(key.Status, v.Rules.Reversible) {
			body.Actions = append(body.Actions, action{name, one.Title})
		}
	}
	for _, name := range sortedNames(key.Metadata) {
		body.Metadata = append(body.Metadata, pair{name, key.Metadata[name]})
	}
	for _, step := range []func(*visit, *keyPage) error{readLimits, readUsage, readActivity, readTrail, readRotation} {
		if err := step(v, body); err != nil {
			return err
		}
	}
	return v.page("key", "keys", &page{Title: key.Name, Body: body})
}

func sortedNames(of map[string]string) (names []string) {
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func readLimits(v *visit, body *keyPage) (err error) {
	body.Limits, err = v.Service.LimitsOfKey(v.r.Context(), v.call, body.Key.ID)
	return err
}

func readUsage(v *visit, body *keyPage) error {
	chosen := scaleOf(v.r.URL.Query().Get("span"))
	body.Scales = scaleLinks(chosen)
	var hours manage.UsageView
	for by, into := range map[string]*parts{"time": nil, "endpoint": &body.Endpoints, "project": &body.Projects, "outcome": &body.Outcomes} {
		from := chosen.start(v.now).Format(time.RFC3339)
		use, err := v.Service.KeyUsage(v.r.Context(), v.call, body.Key.ID, manage.UsageQuery{By: by, From: from})
		if err != nil {
			return err
		}
		if into == nil {
			hours = use
			continue
		}
		*into = partsOf(use.Data)
	}
	body.Chart = chartOf(hours.Data, chosen, v.now)
	return nil
}

func scaleLinks(chosen scale) (all []scaleLink) {
	for _, s := range scales {
		all = append(all, scaleLink{s.Label, "?span=" + s.Name, s.Name == chosen.Name})
	}
	return all
}

// partsOf are the rows that are worth showing, with their shares.
func partsOf(rows []manage.UsageRow) (p parts) {
	var sum int64
	for i := range rows {
		sum += rows[i].Calls + rows[i].Denied
	}
	for i := range rows {
		if i == shownParts {
			p.Left = len(rows) - i
			break
		}
		r := &rows[i]
		one := part{Calls: r.Calls, Denied: r.Denied}
		for _, name := range []*string{r.Endpoint, r.Project, r.Outcome} {
			if name != nil {
				one.Name = *name
			}
		}
		if sum > 0 {
			one.Share = int((100*(r.Calls+r.Denied) + sum/2) / sum)
		}
		p.Rows = append(p.Rows, one)
	}
	return p
}

func readActivity(v *visit, body *keyPage) (err error) {
	body.Activity, err = v.Service.KeyActivity(v.r.Context(), v.call, body.Key.ID, manage.ActivityQuery{Limit: shownCalls})
	return err
}

func readTrail(v *visit, body *keyPage) error {
	trail, err := v.Service.ListAudit(v.r.Context(), v.call, manage.AuditQuery{KeyID: body.Key.ID, Limit: shownEntries})
	body.Trail = entriesOf(trail.Data)
	return err
}

// rotation is how far traffic has moved from a key to the one in its place.
type rotation struct {
	Old, New           manage.KeyView
	IsOld              bool // the page is the old one's
	OldCalls, NewCalls int64
	Moved              int  // percent of the calls since
	Over               bool // the old key has ended
	Since              time.Time
}

// readRotation finds the other key of a rotation, the newer one's first.
func readRotation(v *visit, body *keyPage) error {
	other, isOld := body.Key.ReplacedBy, true
	if other == "" {
		other, isOld = body.Key.Replaces, false
	}
	if other == "" {
		return nil
	}
	near, err := v.Service.ShowKey(v.r.Context(), v.call, other)
	if p := manage.ProblemOf(err); err != nil && p.Code == problem.NotFound {
		return nil // it was deleted
	}
	if err != nil {
		return err
	}
	r := &rotation{Old: near, New: body.Key, IsOld: isOld}
	if isOld {
		r.Old, r.New = body.Key, near
	}
	r.Since = r.New.CreatedAt.Truncate(time.Hour)
	r.Over = r.Old.Status == keys.Expired || r.Old.Status == keys.Revoked
	if r.OldCalls, err = v.callsSince(r.Old.ID, r.Since); err != nil {
		return err
	}
	if r.NewCalls, err = v.callsSince(r.New.ID, r.Since); err != nil {
		return err
	}
	if all := r.OldCalls + r.NewCalls; all > 0 {
		r.Moved = int(100 * r.NewCalls / all)
	}
	body.Rotation = r
	return nil
}

func (v *visit) callsSince(id keys.ID, since time.Time) (int64, error) {
	use, err := v.Service.KeyUsage(v.r.Context(), v.call, id, manage.UsageQuery{From: since.UTC().Format(time.RFC3339)})
	return use.Total, err
}

// trailEntry is one entry of the audit trail, its changes in words.
type trailEntry struct {
	manage.AuditView
	Refused bool
	Words   []string
}

func entriesOf(all []manage.AuditView) (entries []trailEntry) {
	for i := range all {
		e := trailEntry{AuditView: all[i], Refused: strings.HasSuffix(all[i].Action, ".refused")}
		for _, name := range changedFields(&all[i]) {
			e.Words = append(e.Words, changeWords(name, all[i].Changes[name]))
		}
		entries = append(entries, e)
	}
	return entries
}
