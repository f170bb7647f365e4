package caddymodule

import (
	"os"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/google/go-cmp/cmp"
)

func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExampleConfigurationIsFormatted(t *testing.T) {
	t.Parallel()
	text := example(t)
	if diff := cmp.Diff(string(caddyfile.Format([]byte(text))), text); diff != "" {
		t.Errorf("caddy fmt would change Caddyfile.example: -formatted +as it is:\n%s", diff)
	}
}

func TestExampleConfigurationIsValidWithoutAnyVariableSet(t *testing.T) {
	t.Parallel()
	text := example(t)
	_, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	app, gates, _ := partsOf(t, text)
	app.setDefaults()
	if err := app.validate(); err != nil {
		t.Error(err)
	}
	if len(app.Peppers) > 0 {
		t.Error("the example needs a variable for its pepper")
	}
	if len(gates) != 1 {
		t.Fatalf("the example has %d gates", len(gates))
	}
	if err := gates[0].validate(app); err != nil {
		t.Error(err)
	}
}
