package dashboard

import (
	"net/http"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

type tokensPage struct {
	Tokens    []manage.TokenView
	Operators []manage.TokenView // for whoever is one
	Once      string
	Mine      string // the ID of the one that signed in
	// The form as it was filled in.
	Name, Expiry, ExpiresAt string
	All                     bool
	Problem                 *problem.Problem
}

// Expiries are the ends that the form offers.
func (*tokensPage) Expiries() any { return expiries }

func showTokens(v *visit) error { return v.tokensPage(http.StatusOK, &tokensPage{Expiry: "90d"}) }

func (v *visit) tokensPage(status int, body *tokensPage) error {
	tokens, err := v.Service.ListTokens(v.r.Context(), v.call, manage.TokenQuery{})
	if err != nil {
		return err
	}
	body.Tokens, body.Mine = tokens.Data, v.call.Actor.ID
	if v.call.Actor.Kind == manage.ActorOperator {
		all, err := v.Service.ListTokens(v.r.Context(), v.call, manage.TokenQuery{AllWorkspaces: true})
		if err != nil {
			return err
		}
		body.Operators = all.Data
	}
	if body.Once == "" {
		body.Once = newOnce()
	}
	return v.pageOf(status, "tokens", "tokens", &page{Title: "Tokens", Body: body})
}

// createToken makes a token and leads to its secret, as createKey does.
func createToken(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	body := &tokensPage{
		Name: form.Get("name"), Expiry: form.Get("expiry"), ExpiresAt: form.Get("expires_at"), All: form.Get("all_workspaces") == "yes",
		Once: form.Get("once"),
	}
	made, err := v.makeToken(body)
	if err == nil {
		if !made.Replayed {
			v.session.keep(made.ID, revealed{at: v.now, token: &made})
		}
		v.redirect(v.here("tokens", made.ID, "secret"))
		return nil
	}
	p, ok := mistake(err)
	if !ok {
		return err
	}
	body.Problem = p
	return v.tokensPage(p.Code.Row().Status, body)
}

func (v *visit) makeToken(of *tokensPage) (manage.CreatedToken, error) {
	end := newKeyForm{Expiry: of.Expiry, ExpiresAt: of.ExpiresAt, Once: of.Once}
	if err := end.check(); err != nil {
		return manage.CreatedToken{}, err
	}
	ask := end.ask()
	v.call.IdempotencyKey = of.Once
	return v.Service.CreateToken(v.r.Context(), v.call, manage.NewToken{
		Name: of.Name, AllWorkspaces: of.All, ExpiresAt: ask.ExpiresAt, ExpiresIn: ask.ExpiresIn,
	})
}

type tokenSecretPage struct{ Secret, Curl string }

// showTokenSecret shows a new token's secret once, as showSecret does a key's.
func showTokenSecret(v *visit) error {
	body := &tokenSecretPage{}
	if kept, ok := v.session.take(v.r.PathValue("name"), v.now); ok && kept.token != nil {
		if secret := kept.token.Revealed().Secret; secret != nil {
			body.Secret = *secret
			body.Curl = "export KEYSTILE_API=" + v.address() + " KEYSTILE_TOKEN=" + *secret
		}
	}
	return v.page("tokensecret", "tokens", &page{Title: "Your new token", Body: body, Secret: body.Secret != ""})
}
