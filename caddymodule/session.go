package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/keystile/keystile/internal/cli"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// openSession opens the store of a configuration file for a command, with
// nothing running. It doesn't make a database that isn't there.
func openSession(ctx context.Context, configFile string) (*cli.Session, error) {
	return newSession(ctx, configFile, false)
}

// createSession is openSession for a command that was told to make the
// database where there is none.
func createSession(ctx context.Context, configFile string) (*cli.Session, error) {
	return newSession(ctx, configFile, true)
}

func newSession(ctx context.Context, configFile string, create bool) (*cli.Session, error) {
	adapted, err := readConfig(configFile)
	if err != nil {
		return nil, err
	}
	app, err := appIn(configFile, adapted)
	if err != nil {
		return nil, err
	}
	caddyCtx, cancel := caddy.NewContext(caddy.Context{Context: ctx})
	if app.parts, err = app.build(caddyCtx); err != nil {
		cancel()
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	store, err := app.parts.store.OpenForCommand(create)
	if err != nil {
		cancel()
		return nil, err
	}
	done := func() error { cancel(); return store.Close() }
	if err := app.parts.ready(ctx, store); err != nil {
		return nil, errors.Join(err, done())
	}
	gates := func() []manage.GateView { return gateViewsIn(adapted, &app.Config) }
	ofFile := &fileGates{app: app, adapted: adapted, store: store}
	service, err := app.manager(store, attached{gates: gates, explain: ofFile.explain})
	if err != nil {
		return nil, errors.Join(err, done())
	}
	return &cli.Session{
		Service: service, Actor: commandActor(), Now: now, Sites: servedIn(adapted, &app.Config).sites(), Close: done,
	}, nil
}

// readFormat knows the secrets of a configuration file, and opens nothing.
func readFormat(configFile string) (*keys.Format, error) {
	app := new(App)
	if configFile != "" {
		adapted, err := readConfig(configFile)
		if err != nil {
			return nil, err
		}
		if app, err = appIn(configFile, adapted); err != nil {
			return nil, err
		}
	}
	app.setDefaults()
	if err := app.checkPrefixes(); err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	return app.format()
}

// readConfig reads a configuration file as JSON.
func readConfig(file string) ([]byte, error) {
	whole, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("find the configuration: %w", err)
	}
	body, err := os.ReadFile(whole) // so that errors name it as a whole
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w (--config names another)", err)
	}
	return adapt(file, body)
}

// appIn finds the keystile app in a configuration.
func appIn(configFile string, adapted []byte) (*App, error) {
	var cfg struct {
		Apps struct {
			Keystile json.RawMessage `json:"keystile"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(adapted, &cfg); err != nil {
		return nil, fmt.Errorf("read %s: %w", configFile, err)
	}
	app := new(App)
	if len(cfg.Apps.Keystile) == 0 {
		if !gated.Match(adapted) {
			return nil, fmt.Errorf("%s has no gate of Keystile in it: is it the right file? --config names another", configFile)
		}
		return app, nil // a bare `keystile` directive: the defaults
	}
	if err := caddy.StrictUnmarshalJSON(cfg.Apps.Keystile, app); err != nil {
		return nil, fmt.Errorf("read the keystile app in %s: %w", configFile, err)
	}
	return app, nil
}

// gated finds one of our handlers in a configuration.
var gated = regexp.MustCompile(`"handler"\s*:\s*"keystile`)

func adapt(file string, body []byte) ([]byte, error) {
	if strings.EqualFold(filepath.Ext(file), ".json") {
		return body, nil
	}
	adapter := caddyconfig.GetAdapter("caddyfile")
	if adapter == nil {
		return nil, errors.New("this build of Caddy can't read Caddyfiles")
	}
	adapted, _, err := adapter.Adapt(body, map[string]any{"filename": file})
	return adapted, err
}

// commandActor is who a command acts for: whoever runs it.
func commandActor() manage.Actor {
	name := "command"
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	return manage.CommandActor(name)
}
