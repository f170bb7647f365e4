package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/cli"
)

// examination is a configuration that a doctor looks at.
type examination struct {
	ctx    context.Context
	app    *App
	config httpConfig
	steps  []step
	checks []cli.Check
}

// examine looks at a configuration file and what it names. It changes nothing.
func examine(ctx context.Context, configFile string) ([]cli.Check, error) {
	adapted, err := readConfig(configFile)
	if err != nil {
		return nil, err
	}
	app, err := appIn(configFile, adapted)
	if err != nil {
		return nil, err
	}
	e := &examination{ctx: ctx, app: app, steps: stepsIn(adapted)}
	if err := json.Unmarshal(adapted, &e.config); err != nil {
		return nil, fmt.Errorf("read %s: %w", configFile, err)
	}
	caddyCtx, cancel := caddy.NewContext(caddy.Context{Context: ctx})
	defer cancel()
	if app.parts, err = app.build(caddyCtx); err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	e.gates()
	e.store()
	e.limiter()
	e.pepper()
	e.unprotected()
	e.admin()
	e.api()
	e.logs()
	e.disk()
	return e.checks, nil
}

func (e *examination) ok(name, found string, args ...any) {
	e.checks = append(e.checks, cli.Check{Name: name, Status: cli.CheckOK, Found: fmt.Sprintf(found, args...)})
}

func (e *examination) warn(name, found, advice string) {
	e.checks = append(e.checks, cli.Check{Name: name, Status: cli.CheckWarn, Found: found, Advice: advice})
}

func (e *examination) fail(name, found, advice string) {
	e.checks = append(e.checks, cli.Check{Name: name, Status: cli.CheckFail, Found: found, Advice: advice})
}

// gates looks at what the gates demand, and which of them enforce it.
func (e *examination) gates() {
	found, observing := 0, 0
	for _, one := range e.steps {
		if !isGate(one.name) {
			continue
		}
		var p Policy
		err := json.Unmarshal(one.raw, &p)
		if err == nil {
			_, err = p.site(&e.app.Config)
		}
		if err != nil {
			e.fail("gates", fmt.Sprintf("the gate at %s is wrong: %v", one.place, err), "a start or reload would refuse it")
			return
		}
		found++
		if p.Mode == observe {
			observing++
		}
	}
	switch {
	case observing > 0:
		e.warn("gates", fmt.Sprintf("%d of %d gates only observe, and let everything through", observing, found),
			"once `keystile report` names nobody who should pass, take `mode observe` out")
	default:
		e.ok("gates", "%d of %d gates enforce", found, found)
	}
}

// pepper looks at what makes digests more than hashes.
func (e *examination) pepper() {
	switch {
	case e.app.parts.guessable:
		e.warn("pepper", fmt.Sprintf("a pepper is shorter than %d characters and can be guessed", shortPepper),
			"put a longer one, such as of `openssl rand -hex 32`, in front of it")
	case len(e.app.Peppers) == 0 && e.takesForeign():
		e.warn("pepper", "there is none, and keys of other systems are taken, which may be weak",
			"state one, such as `pepper {env.KEYSTILE_PEPPER}`: who copies the store can't try secrets then")
	case len(e.app.Peppers) == 0:
		e.ok("pepper", "there is none; secrets that are made here need none")
	default:
		e.ok("pepper", "each of %d is long enough", len(e.app.Peppers))
	}
}

// takesForeign reports whether secrets are taken that weren't drawn here.
func (e *examination) takesForeign() bool {
	for _, p := range e.app.AcceptPrefixes {
		if p.Unchecked {
			return true
		}
	}
	return false
}
