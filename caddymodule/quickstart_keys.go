package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// quickstartAnswer is what quickstart prints; secrets only in the run that
// made them.
type quickstartAnswer struct {
	URL             string          `json:"url"`
	AdminURL        string          `json:"admin_url"`
	ManagementToken *string         `json:"management_token"`
	Keys            []quickstartKey `json:"keys"`
}

type quickstartKey struct {
	ID          string  `json:"id"`
	Environment string  `json:"environment"`
	Secret      *string `json:"secret"`
}

// credentials makes what a first run needs, and finds it again in later ones.
func (q *quickstart) credentials(ctx context.Context, configFile string) (answer *quickstartAnswer, err error) {
	service, done, err := openForQuickstart(ctx, configFile)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	call := manage.Call{Actor: commandActor()}
	answer = &quickstartAnswer{}
	for _, env := range keys.Environments {
		one, err := quickstartKeyOf(ctx, service, call, env)
		if err != nil {
			return nil, fmt.Errorf("make a %s key: %w", env, err)
		}
		answer.Keys = append(answer.Keys, one)
	}
	tokens, err := service.ListTokens(ctx, call, manage.TokenQuery{})
	if err != nil {
		return nil, fmt.Errorf("look for the management token: %w", err)
	}
	if len(tokens.Data) == 0 {
		made, err := service.CreateToken(ctx, call, manage.NewToken{Name: "quickstart"})
		if err != nil {
			return nil, fmt.Errorf("make a management token: %w", err)
		}
		answer.ManagementToken = revealed(made.Secret)
	}
	return answer, nil
}

// quickstartKeyOf returns the environment's key, making it where there is no
// active one.
func quickstartKeyOf(ctx context.Context, service manage.Service, call manage.Call, env keys.Environment) (quickstartKey, error) {
	have, err := service.ListKeys(ctx, call, manage.KeyQuery{Environment: env, Status: keys.Active})
	if err != nil {
		return quickstartKey{}, err
	}
	if n := len(have.Data); n > 0 {
		return quickstartKey{ID: string(have.Data[n-1].ID), Environment: string(env)}, nil
	}
	made, err := service.CreateKey(ctx, call, manage.NewKey{
		Name: "Quickstart " + string(env) + " key", Environment: env, Scopes: []string{keys.ScopeAll},
	})
	if err != nil {
		return quickstartKey{}, err
	}
	return quickstartKey{ID: string(made.ID), Environment: string(env), Secret: revealed(made.Secret)}, nil
}

// revealed is a secret on its one way out: to the terminal of whoever ran the
// command.
func revealed(secret keys.Secret) *string {
	text := secret.Reveal()
	return &text
}

// openForQuickstart is openSession for the one command that makes a database.
func openForQuickstart(ctx context.Context, configFile string) (*manage.Manager, func() error, error) {
	adapted, err := readConfig(configFile)
	if err != nil {
		return nil, nil, err
	}
	app, err := appIn(configFile, adapted)
	if err != nil {
		return nil, nil, err
	}
	caddyCtx, cancel := caddy.NewContext(caddy.Context{Context: ctx})
	defer cancel()
	if app.parts, err = app.build(caddyCtx); err != nil {
		return nil, nil, err
	}
	store, err := app.parts.store.Open()
	if err != nil {
		return nil, nil, err
	}
	if err := app.parts.ready(ctx, store); err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	service, err := app.manager(store, attached{})
	return service, store.Close, err
}

// print says what was made and what to try, for people.
func (q *quickstart) print(made *quickstartAnswer, site *quickstartSite) error {
	secret := map[string]string{}
	for _, k := range made.Keys {
		secret[k.Environment] = "YOUR_KEY"
		if k.Secret != nil {
			secret[k.Environment] = *k.Secret
		}
	}
	_, err := fmt.Fprintf(q.out, quickstartText,
		site.url, describeUpstream(q.to), made.AdminURL,
		shown(made.Keys[0]), shown(made.Keys[1]), orHidden(made.ManagementToken), q.remark(made, site),
		secret["live"], site.url, site.url, secret["live"], site.url,
		q.caller, site.file)
	return err
}

const quickstartText = `Keystile serves %s, in front of %s.
The dashboard is at %s, and the management API below it at /v1/

  live key          %s
  test key          %s
  management token  %s   (signs in to the dashboard)

%s

Try it:

  # 200: the key is good
  curl -i -H "Authorization: Bearer %s" %s/hello

  # 401: there is no key
  curl -i %s/hello

  # 429 after a burst of 50: live keys may ask 20 times a second
  curl -s -o ` + os.DevNull + ` -w '%%{http_code}\n' -H "Authorization: Bearer %s" "%s/hello?[1-100]" | sort | uniq -c

More keys: %s keys create "My key" --config %s
`

// remark says what to know about the secrets above it.
func (q *quickstart) remark(made *quickstartAnswer, site *quickstartSite) string {
	if made.Keys[0].Secret != nil {
		return "Secrets are shown once, now."
	}
	return "These are from an earlier start. For a key that you can see, make another:\n\n  " +
		q.caller + " keys create \"Another key\" --scopes all --config " + site.file
}

func describeUpstream(to string) string {
	if to == "" {
		return "a built-in upstream that answers with what it received"
	}
	return to
}

func shown(k quickstartKey) string {
	if k.Secret == nil {
		return k.ID + " (its secret was shown when it was made)"
	}
	return *k.Secret
}

func orHidden(token *string) string {
	if token == nil {
		return "(shown when it was made)"
	}
	return *token
}
