package caddymodule

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	appName    = "keystile" // the app, its global option and the gate's directive
	adminName  = "keystile_admin"
	verifyName = "keystile_verify"
)

func init() {
	httpcaddyfile.RegisterGlobalOption(appName, parseApp)
	httpcaddyfile.RegisterHandlerDirective(appName, parseGate)
	httpcaddyfile.RegisterHandlerDirective(adminName, parseAdmin)
	httpcaddyfile.RegisterHandlerDirective(verifyName, parseVerify)

	// Behind all that rewrites, so that the gate decides on the path that is
	// forwarded; before all that might answer.
	httpcaddyfile.RegisterDirectiveOrder(appName, httpcaddyfile.After, "try_files")
	httpcaddyfile.RegisterDirectiveOrder(adminName, httpcaddyfile.Before, "reverse_proxy")
	httpcaddyfile.RegisterDirectiveOrder(verifyName, httpcaddyfile.Before, "reverse_proxy")
}

// parseApp reads the global option.
func parseApp(d *caddyfile.Dispenser, existing any) (any, error) {
	d.Next()
	if existing != nil {
		return nil, d.Errf("the global option %s stands twice", appName)
	}
	c, err := readApp(d)
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write the app as JSON: %w", err)
	}
	return httpcaddyfile.App{Name: appName, Value: value}, nil
}

// readApp reads a block of options of the app from behind its name.
func readApp(d *caddyfile.Dispenser) (*Config, error) {
	c := new(Config)
	b := newBlock(d, c)
	if err := appOptions.readAll(b); err != nil {
		return nil, err
	}
	return c, b.marks.locate(c.validate())
}

// parseGate reads the directive of the gate.
func parseGate(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h.Next()
	app, err := configuredApp(h)
	if err != nil {
		return nil, err
	}
	p, err := readGate(h.Dispenser, app)
	if err != nil {
		return nil, err
	}
	return &Handler{Policy: *p}, nil
}

// readGate reads a block of options of a gate from behind its name.
func readGate(d *caddyfile.Dispenser, app *Config) (*Policy, error) {
	p := new(Policy)
	b := newBlock(d, p)
	if err := gateOptions.readAll(b); err != nil {
		return nil, err
	}
	return p, b.marks.locate(p.validate(app))
}

// parseVerify reads the directive of a gate that other proxies ask.
func parseVerify(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h.Next()
	app, err := configuredApp(h)
	if err != nil {
		return nil, err
	}
	return readVerify(h.Dispenser, app)
}

// readVerify reads a block of options of such a gate from behind its name.
func readVerify(d *caddyfile.Dispenser, app *Config) (*Verify, error) {
	v := new(Verify)
	b := newBlock(d, v)
	if err := verifyOptions.readAll(b); err != nil {
		return nil, err
	}
	return v, b.marks.locate(v.validate(app))
}

// configuredApp is the app as the global options have it: they are read before any
// site is.
func configuredApp(h httpcaddyfile.Helper) (*Config, error) {
	c := new(Config)
	app, stands := h.Option(appName).(httpcaddyfile.App)
	if !stands {
		return c, nil
	}
	if err := json.Unmarshal(app.Value, c); err != nil {
		return nil, fmt.Errorf("read the app's JSON: %w", err)
	}
	return c, nil
}

// parseAdmin reads the directive of the management API.
func parseAdmin(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h.Next()
	admin := new(Admin)
	return admin, adminOptions.readAll(newBlock(h.Dispenser, admin))
}
