package caddymodule

import (
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// warnOfPlainLogs says which logs of a configuration with gates would show
// keys that callers send elsewhere than in Authorization.
func (a *App) warnOfPlainLogs() {
	if a.gates == 0 {
		return
	}
	for _, name := range a.logNames() {
		if showsSecrets(a.ctx, name) {
			a.log.Warn("this log shows API keys that stand in addresses and headers: give it `format keystile`", "log", shownLog(name))
		}
	}
}

// errorLog stands for what Caddy writes into the default log about requests.
const errorLog = "http.log.error"

func shownLog(name string) string {
	if name == errorLog {
		return caddy.DefaultLoggerName
	}
	return name
}

// logNames are the module IDs under which the default log and the access logs
// of all servers write.
func (a *App) logNames() []string {
	loaded, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return nil
	}
	var all []*caddyhttp.ServerLogConfig
	for _, server := range loaded.(*caddyhttp.App).Servers {
		all = append(all, server.Logs)
	}
	return logNamesOf(all)
}

// logNamesOf are the module IDs under which requests to servers are logged.
func logNamesOf(servers []*caddyhttp.ServerLogConfig) []string {
	names := map[string]bool{errorLog: true}
	for _, logs := range servers {
		if logs == nil {
			continue
		}
		names[accessLog(logs.DefaultLoggerName)] = true
		for _, of := range logs.LoggerNames {
			for _, name := range of {
				names[accessLog(name)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func accessLog(name string) string {
	if name == "" {
		return "http.log.access"
	}
	return "http.log.access." + name
}

// showsSecrets asks every encoder behind a log whether it masks, without
// writing anything: fields that are added to a logger reach its encoders, and
// ours knows the one that asks.
func showsSecrets(ctx caddy.Context, log string) bool {
	asked := &question{}
	_ = ctx.Logger(named(log)).With(zap.Object(questionKey, asked))
	return asked.plain
}

// named is a module only in name, to get the logger that one of that ID has.
type named string

// CaddyModule implements caddy.Module.
func (n named) CaddyModule() caddy.ModuleInfo { return caddy.ModuleInfo{ID: caddy.ModuleID(n)} }

// questionKey is a field that no entry has.
const questionKey = "keystile?masks"

// question is a field that encoders answer by how they take it.
type question struct{ plain bool }

// MarshalLogObject implements zapcore.ObjectMarshaler. Only an encoder that
// doesn't know the question writes it down.
func (q *question) MarshalLogObject(zapcore.ObjectEncoder) error {
	q.plain = true
	return nil
}

// AddObject implements zapcore.ObjectEncoder.
func (e *LogEncoder) AddObject(key string, value zapcore.ObjectMarshaler) error {
	if key == questionKey {
		return nil
	}
	return e.heldFields.AddObject(key, value)
}
