package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// editForm is the form that edits a key. Scopes can only be unticked.
type editForm struct {
	Key                       manage.KeyView
	Name, Description, Reason string
	Profile                   string
	Scopes                    []string
	Expiry                    string // keep, a duration, custom, never
	ExpiresAt                 string
	Addresses                 string
	Metadata                  string
	ETag                      string
	Problem                   *problem.Problem
	Conflict                  bool // somebody else changed the key meanwhile
	choices
}

// Has reports whether a scope is ticked.
func (f *editForm) Has(scope string) bool { return slices.Contains(f.Scopes, scope) }

// Expiries are the ends that the form offers.
func (*editForm) Expiries() any { return expiries }

// About is what the configuration says of a scope.
func (f *editForm) About(scope string) string {
	for _, s := range f.Catalogue {
		if s.Name == scope {
			return s.Description
		}
	}
	return ""
}

func editOf(k *manage.KeyView) *editForm {
	f := &editForm{
		Key: *k, Name: k.Name, Description: k.Description, Profile: k.Profile, Scopes: k.Scopes, Expiry: "keep",
		Addresses: strings.Join(k.AllowedIPs, "\n"), ETag: k.ETag,
	}
	var b strings.Builder
	for _, name := range sortedNames(k.Metadata) {
		b.WriteString(name + "=" + strings.ReplaceAll(k.Metadata[name], "\n", "\\n") + "\n")
	}
	f.Metadata = b.String()
	return f
}

func showEdit(v *visit) error {
	key, err := v.Service.ShowKey(v.r.Context(), v.call, v.keyID())
	if err != nil {
		return err
	}
	return v.editPage(http.StatusOK, editOf(&key))
}

func (v *visit) editPage(status int, form *editForm) (err error) {
	if form.choices, err = v.choices(); err != nil {
		return err
	}
	return v.pageOf(status, "edit", "keys", &page{Title: "Edit " + form.Key.Name, Body: form})
}

func (f *editForm) read(values url.Values) {
	f.Name, f.Description, f.Reason = values.Get("name"), plainBreaks(values.Get("description")), values.Get("reason")
	f.Profile, f.Scopes, f.Addresses = values.Get("profile"), values["scopes"], values.Get("allowed_ips")
	f.Expiry, f.ExpiresAt, f.ETag = values.Get("expiry"), values.Get("expires_at"), values.Get("etag")
	f.Metadata = plainBreaks(values.Get("metadata"))
}

// edit is what the form changes: what is as it was is left out, so that what
// can't be stated anew may stay.
func (f *editForm) edit() (manage.KeyEdit, error) {
	e := manage.KeyEdit{Reason: f.Reason, IfMatch: manage.Stated(f.ETag)}
	state(&e.Name, f.Name, f.Key.Name)
	state(&e.Description, f.Description, f.Key.Description)
	state(&e.Profile, f.Profile, f.Key.Profile)
	if !slices.Equal(f.Scopes, f.Key.Scopes) {
		e.Scopes = manage.Stated(f.Scopes)
	}
	if addresses := lines(f.Addresses); !slices.Equal(addresses, f.Key.AllowedIPs) {
		e.AllowedIPs = manage.Stated(addresses)
	}
	if was := editOf(&f.Key).Metadata; f.Metadata != was {
		metadata, err := readMetadata(f.Metadata)
		if err != nil {
			return e, err
		}
		e.Metadata = manage.Stated(metadata)
	}
	switch f.Expiry {
	case "keep", "":
	case "never":
		e.ExpiresAt = manage.Field[string]{Set: true, Null: true}
	case "custom":
		e.ExpiresAt = manage.Stated(f.ExpiresAt)
	default:
		e.ExpiresIn = manage.Stated(f.Expiry)
	}
	return e, nil
}

func state(field *manage.Field[string], now, was string) {
	if now != was {
		*field = manage.Stated(now)
	}
}

// readMetadata reads lines of name=value.
func readMetadata(text string) (map[string]string, error) {
	all := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if _, twice := all[name]; !found || twice {
			return nil, badQuery("metadata", "Write one name=value on each line, each name once.")
		}
		all[name] = strings.ReplaceAll(value, "\\n", "\n")
	}
	return all, nil
}

func editKey(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	key, err := v.Service.ShowKey(v.r.Context(), v.call, v.keyID())
	if err != nil {
		return err
	}
	form := editOf(&key)
	form.read(values)
	edit, err := form.edit()
	if err == nil {
		_, err = v.Service.EditKey(v.r.Context(), v.call, key.ID, edit)
	}
	if err == nil {
		return v.done(v.here("keys", string(key.ID)), "Your changes are saved.")
	}
	p, ok := mistake(err)
	if !ok {
		return err
	}
	if form.Problem = p; p.Code == problem.PreconditionFailed {
		form.Conflict, form.ETag = true, key.ETag
	}
	return v.editPage(p.Code.Row().Status, form)
}

// Ended reports whether the key's end has come.
func (f *editForm) Ended() bool { return f.Key.Status == keys.Expired }

// Ends is the key's end, where it has one.
func (f *editForm) Ends() *time.Time { return f.Key.ExpiresAt }
