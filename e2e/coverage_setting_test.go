package e2e

import (
	"maps"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/servertest"
)

// setting is what stands around a line while its test runs: the sample, without
// lines that would hide what the test looks at.
type setting struct {
	name    string
	without []string          // where the lines are
	more    map[string]string // further lines, by where their block is
	faulty  bool              // its clock is set by tests
	// database says that there is one on a server, at databaseVariable.
	database bool
	redis    bool              // one of its own is in {env.REDIS_URL}
	instead  map[string]string // what stands in the place of lines, by where they are
}

// The lines that other lines hide behind.
const (
	ofAcme      = "api.example.com / keystile / workspace acme"
	defaultPlan = "keystile / default_plan free"
	listRoute   = "api.example.com / keystile / route GET /v1/projects read:projects"
	makeRoute   = "api.example.com / keystile / route POST /v1/projects write:projects"
	filesRoute  = "api.example.com / keystile / route GET,POST /v1/projects/{project}/* read:projects"
)

var (
	wholeSample   = &setting{name: "whole sample"}
	anyWorkspace  = &setting{name: "keys of any workspace", without: []string{ofAcme}}
	withoutPlan   = &setting{name: "no plan unless stated", without: []string{ofAcme, defaultPlan}}
	aliasedRoute  = &setting{name: "route for an alias", more: map[string]string{"api.example.com / keystile": "route POST /v1/transcripts projects-write\n"}}
	withoutRoutes = &setting{name: "no routes", without: []string{listRoute, makeRoute, filesRoute, "keystile / scope_alias halfpipe-transcripts-write projects-write"}}
	faultyMachine = &setting{name: "clock, store and limiter of the test's", faulty: true, more: map[string]string{"api.example.com / keystile": panicRoute}}
	// Tests take the keys that they make away: with other peppers, those would
	// keep the gate from starting.
	peppered         = &setting{name: "no key under a pepper", without: []string{ofAcme}}
	besideADatabase  = &setting{name: "a database on a server", without: []string{ofAcme}, database: true}
	besideRedis      = &setting{name: "Redis beside it", redis: true}
	overRedis        = &setting{name: "limits in Redis", redis: true, instead: map[string]string{"keystile / limiter local": "limiter redis {env.REDIS_URL}"}}
	contractSettings = []*setting{besideRedis, overRedis, peppered, besideADatabase, wholeSample, anyWorkspace, withoutPlan, aliasedRoute, withoutRoutes, faultyMachine}
)

// panicRoute has a limit, which makes the faulty limiter panic.
const panicRoute = "route GET /panic {\n rate_limit live 10/s\n}\n"

// surroundings are what the rig needs, and what doesn't touch the gate: the
// sample's sites get a port of their own, and a log that hides secrets.
var surroundings = map[string]string{
	rootBlock: `admin $ADMIN
auto_https off
persist_config off
grace_period 5s
metrics
log {
	format keystile
}
servers {
	trusted_proxies static 127.0.0.1/32
}
`,
	"api.example.com": `bind 127.0.0.1
log
handle_errors {
	respond "in the style of the house: {err.status_code}"
}
`,
	"admin.example.com":  "bind 127.0.0.1\n",
	"verify.example.com": "bind 127.0.0.1\n",
}

var placed = strings.NewReplacer(
	"api.example.com {", "http://:$PORT {", "admin.example.com {", "http://admin.example.com:$PORT {",
	"verify.example.com {", "http://verify.example.com:$PORT {", "localhost:9000", "$UPSTREAM",
)

const thePepper = "correct horse battery staple"

// edit is the setting's.
func (s *setting) edit() edit {
	e := edit{replace: map[string]string{}, more: maps.Clone(surroundings)}
	for block, lines := range s.more {
		e.more[block] += lines
	}
	for _, at := range s.without {
		e.replace[at] = ""
	}
	maps.Copy(e.replace, s.instead)
	return e
}

// options are those of a gate with the sample as its configuration.
func (s *setting) options(t testing.TB, all sample, e edit) options {
	o := options{
		whole: placed.Replace(all.text(e)), env: []string{"KEYSTILE_PEPPER=" + thePepper},
		prefixes: map[keys.Environment]string{keys.Live: "bs_live_", keys.Test: "bs_test_"},
	}
	if s.database {
		o.env = append(o.env, databaseVariable+"="+newDatabase(t))
	}
	if s.faulty {
		o.program, o.panics = faulty(t), true
	}
	return o
}

// stage starts the setting's gate, with the workspaces that tests speak of.
func (s *setting) stage(t *testing.T, all sample) *gate {
	o := s.options(t, all, s.edit())
	var redis *servertest.Redis
	if s.redis {
		redis = throwawayRedis(t)
		o.env = append(o.env, "REDIS_URL="+redis.URL())
	}
	g := setup(t, o)
	g.redis = redis
	g.must(nil, "workspaces", "create", "acme")
	g.must(nil, "workspaces", "create", "globex")
	return g
}
