package dashboard

import (
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

type keysPage struct {
	listing
	Rows       []manage.KeyView
	Count      int
	More       bool // than are counted
	First      int  // of the rows, from 1
	Last       int
	Columns    []column
	Previous   string // empty: this is the first page
	Next       string
	Use        manage.WorkspaceUse
	Filtered   bool
	Export     string
	Refresh    string
	Standalone bool // there are no keys at all, and no filter
	Curl       string
}

// Statuses are the filters of that name, with what is shown for them.
func (*keysPage) Statuses() map[string]string {
	all := map[string]string{}
	for _, s := range []keys.Status{keys.Active, keys.Inactive, keys.Revoked, keys.Expired} {
		all[string(s)] = string(s)
	}
	return all
}

// listKeys is the page that everybody sees first.
func listKeys(v *visit) error {
	l, err := readListing(v.r.URL.Query())
	if err != nil {
		return err
	}
	found, err := v.Service.FindKeys(v.r.Context(), v.call, l.search())
	if err != nil {
		return err
	}
	body := &keysPage{listing: l, Rows: found.Data, Count: found.Count, More: found.Count >= manage.MostCounted, Columns: l.columns(), Filtered: l.filtered()}
	if body.Use, err = v.Service.ShowWorkspace(v.r.Context(), v.call); err != nil {
		return err
	}
	body.page()
	body.Export, body.Refresh = v.here("keys.csv")+l.query(), v.here("keys.json")+l.query()
	body.Standalone = len(found.Data) == 0 && !body.Filtered && l.Page == 1
	if body.Standalone {
		body.Curl = v.curlToCreate()
	}
	return v.page("keys", "keys", &page{Title: "Keys", Body: body})
}

// page settles what stands below the list.
func (p *keysPage) page() {
	p.First = (p.Page-1)*pageSize + 1
	p.Last = p.First + len(p.Rows) - 1
	if p.Page > 1 {
		p.Previous = p.paged(p.Page - 1)
	}
	if len(p.Rows) == pageSize && p.Count > p.Last && p.Last < manage.MostSkipped {
		p.Next = p.paged(p.Page + 1)
	}
}

// curlToCreate is how a program makes a key, for whoever has none yet. The
// token is the reader's: it isn't in the page.
func (v *visit) curlToCreate() string {
	return "curl " + v.address() + "/v1/keys -H \"Authorization: Bearer $KEYSTILE_TOKEN\" \\\n  -H 'Content-Type: application/json' -d '{\"name\":\"My first key\"}'"
}
