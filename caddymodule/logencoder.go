package caddymodule

import (
	"bytes"
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/mask"
)

func init() { caddy.RegisterModule(&LogEncoder{}) }

// secrets are the prefixes of whatever must not be logged. Log encoders are
// made before apps exist, so the set is the process's, and each app adds to it.
var secrets mask.Set

// publishPrefixes makes known what the secrets of a configuration begin with.
func (c *Config) publishPrefixes() {
	secrets.Add(keys.TokenPrefix)
	secrets.Add(slices.Collect(maps.Values(c.Prefixes))...)
	for _, p := range c.AcceptPrefixes {
		if p.Unchecked {
			secrets.AddWide(p.Prefix)
		} else {
			secrets.Add(p.Prefix)
		}
	}
}

// LogEncoder writes log entries as JSON or for the console, and masks every
// secret with one of our prefixes, wherever in an entry it stands, and whatever
// a request bears in the headers and parameters that gates take keys from:
// Caddy writes both into the access log before any handler runs. It encodes
// no request for a logger that never writes an entry, such as the one that
// Caddy's proxy makes for each.
type LogEncoder struct {
	heldFields

	// json or console. Default: json.
	Format string `json:"log_format,omitempty"`
}

// CaddyModule implements caddy.Module.
func (*LogEncoder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.logging.encoders.keystile", New: func() caddy.Module { return new(LogEncoder) }}
}

const (
	formatJSON    = "json"
	formatConsole = "console"
)

// Provision implements caddy.Provisioner.
func (e *LogEncoder) Provision(ctx caddy.Context) error {
	if err := checkWord("format keystile", e.Format, "", formatJSON, formatConsole); err != nil {
		return err
	}
	if e.Format == formatConsole {
		var inner logging.ConsoleEncoder
		err := inner.Provision(ctx)
		e.encoder = inner.Encoder
		return err
	}
	var inner logging.JSONEncoder
	err := inner.Provision(ctx)
	e.encoder = inner.Encoder
	return err
}

// UnmarshalCaddyfile reads `format keystile [json|console]`.
func (e *LogEncoder) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the encoder's name
	if d.NextArg() {
		e.Format = d.Val()
		if e.Format != formatJSON && e.Format != formatConsole {
			return d.Errf("format keystile takes json or console, not %q", e.Format)
		}
	}
	if d.NextArg() || d.NextBlock(d.Nesting()) {
		return d.Errf("format keystile takes one of json and console, and nothing else: found %q", d.Val())
	}
	return nil
}

// Clone implements zapcore.Encoder.
func (e *LogEncoder) Clone() zapcore.Encoder {
	return &LogEncoder{heldFields: e.clone(), Format: e.Format}
}

// EncodeEntry implements zapcore.Encoder. The encoded bytes are masked, so
// that nothing in an entry is forgotten.
func (e *LogEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	buf, err := e.encodeEntry(entry, fields)
	if err != nil {
		return buf, err
	}
	if masked := secrets.Bytes(buf.Bytes()); !bytes.Equal(masked, buf.Bytes()) {
		buf.Reset()
		_, err = buf.Write(masked)
	}
	return buf, err
}

// Interface guards.
var (
	_ caddy.Provisioner     = (*LogEncoder)(nil)
	_ caddyfile.Unmarshaler = (*LogEncoder)(nil)
	_ zapcore.Encoder       = (*LogEncoder)(nil)
)
