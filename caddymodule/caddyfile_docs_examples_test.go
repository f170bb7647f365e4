package caddymodule

import (
	"regexp"
	"testing"
)

// docExamples show every option of a table once, by the table's heading. The
// tests of the documents have the binary validate them.
var docExamples = map[string]string{
	"The global option `keystile`": `{
	keystile {
		store postgres {env.DATABASE_URL}
		limiter redis {env.REDIS_URL}
		on_limiter_failure deny
		pepper {env.KEYSTILE_PEPPER}
		lost_pepper 52c2411a40978995
		prefix live acme_live_
		prefix test acme_test_
		accept_prefix live sk- unchecked
		scope read:projects "Read project data"
		scope write:projects "Create and update projects"
		scope_alias projects-read read:projects
		plan free {
			max_keys 2
		}
		default_plan free
		rate_limit live 100/s burst 200
		rate_limit test 1000/s
		quota 1000000/month
		unknown_keys 20/s burst 100
		max_staleness 10s
		on_store_failure serve_stale 5m
		usage {
			retention 400d
		}
		cache_size 1000000
		require_project
		name optional
		revocation reversible
		rotation_grace 7d
	}
}
`,
	"`plan NAME { … }`": `plan pro {
	max_keys 10
	rate_limit live 500/s burst 1000
	rate_limit test 50/s
	quota 1000000/month
	quota test 10000/day
}
`,
	"`usage { … }`": `usage {
	flush_interval 1s
	retention 400d
}
`,
	"The directive `keystile`": `api.example.com {
	keystile {
		credential header X-Api-Key
		credential bearer
		workspace acme
		environment live test
		route GET /v1/projects read:projects
		route GET /healthz public
		default deny
		mode observe
		jwt reject
		preflight pass
		errors problem
		forward_credential off
	}
	reverse_proxy localhost:9000
}
`,
	"`route METHODS PATTERN … { … }`": `route GET,HEAD,POST /v1/projects/{project}/* read:projects {
	any_of write:projects export:projects
	project {project}
	rate_limit live 10/s burst 20
	quota 1000/day
	cost 5
	environment live
	paths loose
	jwt pass
}
`,
	"The directive `keystile_verify`": `http://:9080 {
	bind 127.0.0.1
	keystile_verify {
		trusted 127.0.0.1 10.0.0.0/8
		target forwarded
		deny_status 403
		route GET /v1/projects read:projects
	}
}
`,
	"The directive `keystile_admin`": `admin.example.com {
	keystile_admin
}
`,
}

func TestEveryOptionIsInItsExample(t *testing.T) {
	t.Parallel()
	for _, table := range tables {
		example := docExamples[table.heading]
		if example == "" {
			t.Errorf("%s has no example", table.heading)
		}
		for _, row := range table.rows {
			if !regexp.MustCompile(`(?m)^\t+` + row.name + `( |$)`).MatchString(example) {
				t.Errorf("the example of %s lacks %s", table.heading, row.name)
			}
		}
	}
}
