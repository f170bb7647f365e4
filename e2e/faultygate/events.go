package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() { caddy.RegisterModule(new(Record)) }

// Record is a handler of events that appends each to a file: the words that it was
// given, with what they stand for, or else the whole event as JSON, a line. While a
// file of that name with .hold lies beside it, it takes its time, and with .panic it
// panics.
type Record struct {
	File  string   `json:"file"`
	Words []string `json:"words,omitempty"`
}

// CaddyModule implements caddy.Module.
func (*Record) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.record", New: func() caddy.Module { return new(Record) }}
}

// UnmarshalCaddyfile reads: record FILE [WORD…]
func (r *Record) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.NextArg() {
		return d.ArgErr()
	}
	r.File, r.Words = d.Val(), d.RemainingArgs()
	return nil
}

// Handle implements caddyevents.Handler.
func (r *Record) Handle(ctx context.Context, e caddy.Event) error {
	if _, err := os.Stat(r.File + ".panic"); err == nil {
		panic("forced by a test")
	}
	if _, err := os.Stat(r.File + ".hold"); err == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	line, err := r.line(ctx, e)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(r.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(append(line, '\n'))
	return err
}

func (r *Record) line(ctx context.Context, e caddy.Event) ([]byte, error) {
	if len(r.Words) == 0 {
		return json.Marshal(e.CloudEvent())
	}
	return []byte(ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer).ReplaceAll(strings.Join(r.Words, " "), "")), nil
}
