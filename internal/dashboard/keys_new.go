package dashboard

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// newKeyForm is the form of a new key, as it was filled in.
type newKeyForm struct {
	Name, Description, Environment, Kind, Project, Owner, Profile, Plan string

	Scopes      []string
	OtherScopes string // where any word is a scope
	Expiry      string // a duration, never, or custom
	ExpiresAt   string
	Addresses   string
	Once        string // so that sending it twice makes one key

	Problem *problem.Problem
	choices
}

// choices are what a form offers.
type choices struct {
	Rules
	Catalogue []manage.ScopeView
	Projects  []string
	Profiles  []string
	Plans     []manage.PlanView
	Maker     string
}

// Expiries are the ends that a form offers.
var expiries = []struct{ Value, Label string }{
	{"30d", "In 30 days"}, {"90d", "In 90 days"}, {"365d", "In a year"}, {"custom", "On a date"}, {"never", "Never"},
}

// Expiries are the ends that the form offers.
func (newKeyForm) Expiries() any { return expiries }

// Has reports whether a scope is ticked.
func (f *newKeyForm) Has(scope string) bool { return slices.Contains(f.Scopes, scope) }

// EnvironmentRows are the environments with what their keys begin with.
func (c *choices) EnvironmentRows() (rows []struct{ Name, Prefix string }) {
	for _, env := range keys.Environments {
		rows = append(rows, struct{ Name, Prefix string }{string(env), c.Prefixes[env]})
	}
	return rows
}

func (v *visit) choices() (c choices, err error) {
	ctx := v.r.Context()
	c.Rules, c.Maker = v.Rules, v.call.Actor.Name
	if c.Projects, err = v.projects(ctx); err != nil {
		return c, err
	}
	scopes, err := v.Service.ListScopes(ctx, v.call)
	if err != nil {
		return c, err
	}
	c.Catalogue = scopes.Data
	plans, err := v.Service.ListPlans(ctx, v.call)
	if err != nil {
		return c, err
	}
	c.Plans = plans.Data
	profiles, err := v.Service.ListProfiles(ctx, v.call)
	for _, p := range profiles.Data {
		c.Profiles = append(c.Profiles, p.Name)
	}
	return c, err
}

func showNewKey(v *visit) error {
	form := &newKeyForm{
		Environment: string(keys.Live), Expiry: "90d", Project: v.r.URL.Query().Get("project"), Once: rand.Text(),
	}
	return v.newKeyPage(http.StatusOK, form)
}

func (v *visit) newKeyPage(status int, form *newKeyForm) (err error) {
	if form.choices, err = v.choices(); err != nil {
		return err
	}
	return v.pageOf(status, "newkey", "keys", &page{Title: "New key", Body: form})
}

func readNewKey(form url.Values) *newKeyForm {
	return &newKeyForm{
		Name: form.Get("name"), Description: plainBreaks(form.Get("description")), Environment: form.Get("environment"),
		Kind: form.Get("kind"), Project: form.Get("project"), Owner: form.Get("owner"), Profile: form.Get("profile"), Plan: form.Get("plan"),
		Scopes: form["scopes"], OtherScopes: form.Get("other_scopes"), Expiry: form.Get("expiry"), ExpiresAt: form.Get("expires_at"),
		Addresses: form.Get("allowed_ips"), Once: form.Get("once"),
	}
}

// ask is what the form asks for.
func (f *newKeyForm) ask() manage.NewKey {
	ask := manage.NewKey{
		Name: f.Name, Description: f.Description, Environment: keys.Environment(f.Environment), Kind: keys.Kind(f.Kind),
		Scopes: slices.Concat(f.Scopes, strings.Fields(f.OtherScopes)), Project: f.Project, Owner: f.Owner, Profile: f.Profile,
		Plan: f.Plan, AllowedIPs: lines(f.Addresses),
	}
	switch f.Expiry {
	case "never":
	case "custom":
		ask.ExpiresAt = f.ExpiresAt
	default:
		ask.ExpiresIn = f.Expiry
	}
	return ask
}

// check refuses what the form asks for in two fields, and what nothing is asked
// for by: a key that never ends is one on purpose.
func (f *newKeyForm) check() error {
	switch {
	case f.Expiry == "":
		return badQuery("expires_in", "Say when the key ends, or that it never does.")
	case f.Expiry == "custom" && f.ExpiresAt == "":
		return badQuery("expires_at", "Name the date on which the key ends.")
	}
	return manage.CheckIdempotencyKey(f.Once)
}

// createKey makes the key and leads to its secret, which is not in the address:
// so neither going back nor loading it anew makes another key or shows it again.
func createKey(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	form := readNewKey(values)
	err = form.check()
	if err == nil {
		var made manage.CreatedKey
		v.call.IdempotencyKey = form.Once
		if made, err = v.Service.CreateKey(v.r.Context(), v.call, form.ask()); err == nil {
			v.keepKey(&made)
			v.redirect(v.here("keys", string(made.ID), "secret"))
			return nil
		}
	}
	p, ok := mistake(err)
	if !ok {
		return err
	}
	form.Problem = p
	return v.newKeyPage(p.Code.Row().Status, form)
}

// keepKey keeps a new key's secret for the next page. The repeat of a form has
// none.
func (v *visit) keepKey(made *manage.CreatedKey) {
	if !made.Replayed {
		v.session.keep(string(made.ID), revealed{at: v.now, key: made})
	}
}

type secretPage struct {
	Key    manage.KeyView
	Secret string // empty: it was shown before
	Curl   string
	Old    *manage.KeyView // that it takes the place of
}

// showSecret shows a new key's secret to whoever made it, the first time that
// it is asked for.
func showSecret(v *visit) error {
	key, err := v.Service.ShowKey(v.r.Context(), v.call, v.keyID())
	if err != nil {
		return err
	}
	body := &secretPage{Key: key}
	if key.Replaces != "" {
		if old, err := v.Service.ShowKey(v.r.Context(), v.call, key.Replaces); err == nil {
			body.Old = &old
		}
	}
	if kept, ok := v.session.take(string(key.ID), v.now); ok && kept.key != nil {
		if secret := kept.key.Revealed().Secret; secret != nil {
			body.Secret = *secret
		}
	}
	if at := v.Try(v.r, key); at != "" {
		bearer := body.Secret
		if bearer == "" {
			bearer = "YOUR_KEY"
		}
		body.Curl = "curl -H \"Authorization: Bearer " + bearer + "\" " + at
	}
	return v.page("secret", "keys", &page{Title: "Your new key", Body: body, Secret: body.Secret != ""})
}
