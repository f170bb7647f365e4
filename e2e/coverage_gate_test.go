package e2e

import "slices"

// gateLines are the lines of the sites.
var gateLines = []contractLine{
	{at: "api.example.com", test: keysPass, fails: []failure{leftOut("requests reached the upstream")}},
	{at: "api.example.com / keystile", test: nobodyPassesWithoutAKey, fails: []failure{leftOut("answered 200")}},
	{at: "api.example.com / keystile / credential bearer", test: keysPass, fails: []failure{heldAnyway, {"credential header X-Api-Key", "missing_key"}}},
	{at: "api.example.com / keystile / credential header X-Api-Key", test: theHeaderCarriesKeys, fails: []failure{{"", "missing_key"}}},
	{at: "api.example.com / keystile / credential query api_key", test: theQueryCarriesKeys, fails: []failure{{"", "missing_key"}}},
	{at: "api.example.com / keystile / workspace acme", test: othersKeysAreRefused, fails: []failure{leftOut("answered 200"), {"workspace globex", "workspace_mismatch"}}},
	{
		at: "api.example.com / keystile / environment live test", test: bothEnvironmentsPass,
		fails: []failure{heldAnyway, {"environment live", "environment_not_allowed"}, {"environment test", "environment_not_allowed"}},
	},
	{at: listRoute, test: readersList, fails: []failure{leftOut("route_not_allowed"), {"route GET /v1/projects", "answered 200"}}},
	{at: makeRoute, test: writersMake, fails: []failure{leftOut("route_not_allowed"), {"route POST /v1/projects", "answered 200"}}},
	{
		at: filesRoute, test: readersGoBelow,
		fails: []failure{
			leftOut("route_not_allowed"), {"route GET /v1/projects/{project}/* read:projects", "route_not_allowed"},
			{"route GET,POST /v1/projects/{project}/*", "answered 200"}, {"route GET,POST /v1/projects/{project} read:projects", "route_not_allowed"},
		},
	},
	{at: filesRoute + " / project {project}", test: keysStayInTheirProject, fails: []failure{leftOut("answered 200")}},
	{at: filesRoute + " / rate_limit live 10/s", test: theRouteHasABucket, fails: []failure{leftOut("X-RateLimit-Limit 60")}},
	{at: filesRoute + " / cost 5", test: aCallCostsFive, fails: []failure{leftOut("X-RateLimit-Remaining 1999")}},
	{at: filesRoute + " / jwt pass", test: oneRoutePassesTokens, fails: []failure{{"", "jwt_not_supported"}}},
	{at: "api.example.com / keystile / route GET /healthz public", test: healthIsPublic, fails: []failure{leftOut("missing_key"), {"route GET /healthz", "missing_key"}}},
	{at: "api.example.com / keystile / default deny", test: unlistedPathsAreRefused, fails: []failure{heldAnyway, {"default allow", "answered 200"}}},
	{at: "api.example.com / keystile / default allow", test: unlistedPathsTakeAnyKey, fails: []failure{{"", "route_not_allowed"}}},
	{at: "api.example.com / keystile / mode enforce", test: nobodyPassesWithoutAKey, fails: []failure{heldAnyway, {"mode observe", "answered 200"}}},
	{at: "api.example.com / keystile / mode observe", test: everybodyPassesAndIsTold, fails: []failure{{"", "want 200"}}},
	{at: "api.example.com / keystile / jwt reject", test: tokensAreRefused, fails: []failure{heldAnyway, {"jwt pass", "answered 200"}}},
	{at: "api.example.com / keystile / jwt pass", test: tokensPassUntouched, fails: []failure{{"", "jwt_not_supported"}}},
	{at: "api.example.com / keystile / preflight refuse", test: preflightsNeedAKey, fails: []failure{heldAnyway, {"preflight pass", "answered 200"}}},
	{at: "api.example.com / keystile / preflight pass", test: preflightsPass, fails: []failure{{"", "missing_key"}}},
	{at: "api.example.com / keystile / errors json", test: refusalsAreJSON, fails: []failure{heldAnyway, {"errors problem", "problem+json"}, {"errors caddy", "of the house"}}},
	{at: "api.example.com / keystile / errors problem", test: refusalsAreProblems, fails: []failure{{"", `"application/json"`}}},
	{at: "api.example.com / keystile / errors caddy", test: refusalsAreTheHouses, fails: []failure{{"", "missing_key"}}},
	{at: "api.example.com / keystile / forward_credential off", test: theUpstreamGetsNoKey, fails: []failure{heldAnyway, {"forward_credential on", "Authorization"}}},
	{at: "api.example.com / keystile / forward_credential on", test: theUpstreamGetsTheKey, fails: []failure{{"", "Authorization"}}},
	{at: "api.example.com / reverse_proxy localhost:9000", test: keysPass, fails: []failure{leftOut("requests reached the upstream")}},
	{at: "admin.example.com", test: tokensManage, fails: []failure{leftOut("malformed_key")}},
	{at: "admin.example.com / keystile_admin", test: tokensManage, fails: []failure{leftOut("answered 200 \"\"")}},
}

func contractLines() []contractLine {
	return slices.Concat(appLines, gateLines, verifyLines, otherLines)
}
