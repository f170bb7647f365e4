package dashboard

import (
	"fmt"
	"net/url"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// deed is something that is done to a key behind a page that says what will
// happen.
type deed struct {
	Title  string
	Button string
	Grave  bool // it takes something away
	Reason bool // one can be given
	// can reports whether a key of a status can have it done.
	can func(status keys.Status, reversible bool) bool
	do  func(v *visit, id keys.ID, form url.Values) error
}

var deeds = map[string]deed{
	"rotate": {
		Title: "Rotate", Button: "Make the new key", Reason: true, do: rotate,
		can: func(s keys.Status, _ bool) bool { return s == keys.Active || s == keys.Inactive },
	},
	"deactivate": {
		Title: "Deactivate", Button: "Deactivate the key", Reason: true, do: setStatus(keys.Inactive, "The key is inactive: gates refuse it."),
		can: func(s keys.Status, _ bool) bool { return s == keys.Active },
	},
	"reactivate": {
		Title: "Reactivate", Button: "Reactivate the key", do: reactivate,
		can: func(s keys.Status, reversible bool) bool {
			return s == keys.Inactive || s == keys.Revoked && reversible
		},
	},
	"revoke": {
		Title: "Revoke", Button: "Revoke the key", Grave: true, Reason: true, do: revoke,
		can: func(s keys.Status, _ bool) bool { return s != keys.Revoked },
	},
	"delete": {
		Title: "Delete", Button: "Delete the key", Grave: true, do: remove,
		can: func(keys.Status, bool) bool { return true },
	},
}

type deedPage struct {
	deed
	Name       string
	Key        manage.KeyView
	Reversible bool
	Grace      string // the most that a rotation may leave
	Graces     []string
	Once       string
	Problem    any
	Why        string // as it was filled in
}

// confirmDeed says what will happen, and to what.
func confirmDeed(v *visit) error { return v.deedPage(200, &deedPage{}) }

func (v *visit) deedPage(status int, body *deedPage) error {
	name := v.r.PathValue("deed")
	one, known := deeds[name]
	if !known {
		return nothingHere()
	}
	key, err := v.Service.ShowKey(v.r.Context(), v.call, v.keyID())
	if err != nil {
		return err
	}
	body.deed, body.Name, body.Key, body.Reversible = one, name, key, v.Rules.Reversible
	body.Grace, body.Graces = gracesOf(v.Rules.RotationGrace)
	if body.Once == "" {
		body.Once = newOnce()
	}
	return v.pageOf(status, "deed", "keys", &page{Title: one.Title + " " + key.Name, Body: body})
}

// doDeed does it. What is refused is said on the same page.
func doDeed(v *visit) error {
	one, known := deeds[v.r.PathValue("deed")]
	if !known {
		return nothingHere()
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	if err = one.do(v, v.keyID(), form); err == nil {
		return nil
	}
	p, ok := mistake(err)
	if !ok {
		return err
	}
	return v.deedPage(p.Code.Row().Status, &deedPage{Problem: p, Once: form.Get("once"), Why: form.Get("reason")})
}

func rotate(v *visit, id keys.ID, form url.Values) error {
	if err := manage.CheckIdempotencyKey(form.Get("once")); err != nil {
		return err
	}
	v.call.IdempotencyKey = form.Get("once")
	made, err := v.Service.RotateKey(v.r.Context(), v.call, id, manage.Rotation{Grace: form.Get("grace"), Reason: form.Get("reason")})
	if err != nil {
		return err
	}
	v.keepKey(&made)
	v.redirect(v.here("keys", string(made.ID), "secret"))
	return nil
}

func setStatus(to keys.Status, said string) func(*visit, keys.ID, url.Values) error {
	return func(v *visit, id keys.ID, form url.Values) error {
		edit := manage.KeyEdit{Status: manage.Stated(to), Reason: form.Get("reason")}
		if _, err := v.Service.EditKey(v.r.Context(), v.call, id, edit); err != nil {
			return err
		}
		return v.done(v.here("keys", string(id)), said)
	}
}

func reactivate(v *visit, id keys.ID, _ url.Values) error {
	if _, err := v.Service.ReactivateKey(v.r.Context(), v.call, id); err != nil {
		return err
	}
	return v.done(v.here("keys", string(id)), "The key is active again.")
}

// revokeWait is how long the page waits until all gateways have heard.
const revokeWait = "2s"

func revoke(v *visit, id keys.ID, form url.Values) error {
	done, err := v.Service.RevokeKey(v.r.Context(), v.call, id, manage.Revocation{Reason: form.Get("reason"), Wait: revokeWait})
	if err != nil {
		return err
	}
	return v.done(v.here("keys", string(id)), said(&done.Receipt))
}

// said is a receipt in words.
func said(r *manage.Receipt) string {
	switch {
	case !r.Confirmed && len(r.Pending) > 0:
		return fmt.Sprintf("The key is revoked. %d of %d gateways have not confirmed it yet, and will refuse the key within max_staleness.", len(r.Pending), r.Nodes)
	case !r.Confirmed:
		return "The key is revoked. Not all gateways have confirmed it yet."
	case r.Nodes == 1:
		return "The key is revoked, and the gateway refuses it by now."
	}
	return fmt.Sprintf("The key is revoked, and all %d gateways refuse it by now.", r.Nodes)
}

func remove(v *visit, id keys.ID, _ url.Values) error {
	if err := v.Service.DeleteKey(v.r.Context(), v.call, id); err != nil {
		return err
	}
	return v.done(v.here("keys"), "The key is deleted. Its audit trail and its usage stay.")
}
