package dashboard

import (
	"net/url"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

const auditPageSize = 50

type auditPage struct {
	Entries                 []trailEntry
	Key, Actor, Action      string
	From                    string
	Next                    string // empty: this is the last page
	Later, Filtered, Placed bool
	Actions                 []string
}

// actions are what a filter offers; any other can be asked for, too.
var actions = []string{
	"key.create", "key.edit", "key.rotate", "key.revoke", "key.reactivate", "key.delete", "key.import", "token.create", "token.delete",
	"project.create", "project.delete", "profile.create", "profile.delete", "workspace.create", "workspace.edit",
}

// showAudit is the workspace's audit trail.
func showAudit(v *visit) error {
	q := v.r.URL.Query()
	body := &auditPage{Key: q.Get("key"), Actor: q.Get("actor"), Action: q.Get("action"), From: q.Get("from"), Actions: actions}
	trail, err := v.Service.ListAudit(v.r.Context(), v.call, manage.AuditQuery{
		KeyID: keys.ID(body.Key), Actor: body.Actor, Action: body.Action, From: body.From, Limit: auditPageSize, Cursor: q.Get("cursor"),
	})
	if err != nil {
		return err
	}
	body.Entries = entriesOf(trail.Data)
	body.Later = q.Get("cursor") != ""
	body.Filtered = body.Key+body.Actor+body.Action+body.From != ""
	if trail.NextCursor != nil {
		next := url.Values{"cursor": {*trail.NextCursor}}
		for name, value := range map[string]string{"key": body.Key, "actor": body.Actor, "action": body.Action, "from": body.From} {
			if value != "" {
				next.Set(name, value)
			}
		}
		body.Next = "?" + next.Encode()
	}
	return v.page("audit", "audit", &page{Title: "Audit trail", Body: body})
}
