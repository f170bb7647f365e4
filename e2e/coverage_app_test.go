package e2e

// appLines are the lines of the global option.
var appLines = []contractLine{
	{at: "keystile", test: ownOptionsAreInForce, fails: []failure{leftOut("malformed_key")}},
	{at: "keystile / store sqlite ./keys.db", test: keysStandInTheFile, fails: []failure{leftOut("unknown_key")}},
	{at: "keystile / store postgres {env.DATABASE_URL}", test: keysStandInTheDatabase, in: besideADatabase, fails: []failure{{"", "is not in the database"}}},
	{at: "keystile / limiter local", test: theLimiterCounts, in: faultyMachine, fails: []failure{heldAnyway, {"limiter faulty", "answered 500"}}},
	{at: "keystile / limiter redis {env.REDIS_URL}", test: bucketsAreInRedis, in: besideRedis, fails: []failure{leftOut("0 keys")}},
	{at: "keystile / on_limiter_failure share", test: eachNodeHasItsShare, in: overRedis, fails: []failure{heldAnyway, {"on_limiter_failure deny", "limiter_unavailable"}}},
	{at: "keystile / on_limiter_failure deny", test: nobodyPassesWithoutRedis, in: overRedis, fails: []failure{leftOut("answered 200"), {"on_limiter_failure share", "answered 200"}}},
	{at: "keystile / pepper {env.KEYSTILE_PEPPER}", test: digestsArePeppered, in: peppered, fails: []failure{leftOut("SHA-256 of the secret alone")}},
	{at: "keystile / prefix live bs_live_", test: liveKeysBeginSo, in: anyWorkspace, fails: []failure{leftOut("ks_live_")}},
	{at: "keystile / prefix test bs_test_", test: testKeysBeginSo, in: anyWorkspace, fails: []failure{leftOut("ks_test_")}},
	{
		at: "keystile / accept_prefix live sk-prism-api03- unchecked", test: oldSecretsPass, in: anyWorkspace,
		fails: []failure{leftOut("accept_prefix"), {"accept_prefix live sk-prism-api03-", "accept_prefix"}, {"accept_prefix test sk-prism-api03- unchecked", `told "test"`}},
	},
	{at: `keystile / scope read:projects "Read project data"`, test: readingIsAScope, in: withoutRoutes, fails: []failure{leftOut("known are")}},
	{at: `keystile / scope write:projects "Create and update projects"`, test: writingIsAScope, in: withoutRoutes, fails: []failure{leftOut("known are")}},
	{at: `keystile / scope projects-write "Create projects, upload transcripts"`, test: uploadingIsAScope, in: withoutRoutes, fails: []failure{leftOut("known are")}},
	{
		at: "keystile / scope_alias halfpipe-transcripts-write projects-write", test: theOldNameOfAScopeDoes, in: aliasedRoute,
		fails: []failure{leftOut("insufficient_scope"), {"scope_alias halfpipe-transcripts-write write:projects", "insufficient_scope"}},
	},
	{at: "keystile / plan free", test: aWorkspaceHasThePlan, in: withoutPlan, fails: []failure{leftOut("plan")}},
	{at: "keystile / plan free / max_keys 2", test: twoKeysAreAll, in: anyWorkspace, fails: []failure{leftOut("third"), {"max_keys 3", "third"}}},
	{at: "keystile / plan free / rate_limit live 60/m", test: sixtyInAMinutePass, in: anyWorkspace, fails: []failure{leftOut("X-RateLimit-Limit 200")}},
	{
		at: "keystile / plan free / quota 10000/month", test: theMonthsQuotaIsTheWorkspaces, in: anyWorkspace,
		fails: []failure{leftOut("answered 200"), {"quota 10001/month", "answered 200"}, {"quota test 10000/month", "answered 200"}},
	},
	{at: "keystile / default_plan free", test: aNewWorkspaceHasThePlan, in: anyWorkspace, fails: []failure{leftOut("X-RateLimit-Limit 200")}},
	{
		at: "keystile / rate_limit live 100/s burst 200", test: liveKeysHaveABucket, in: withoutPlan,
		fails: []failure{leftOut(`X-RateLimit-Limit ,`), {"rate_limit live 100/s", "X-RateLimit-Limit 100"}, {"rate_limit live 10/s burst 200", "w=20"}},
	},
	{
		at: "keystile / rate_limit test 1000/s burst 2000", test: testKeysHaveABucket,
		fails: []failure{leftOut(`X-RateLimit-Limit ,`), {"rate_limit test 1000/s", "X-RateLimit-Limit 1000"}},
	},
	{
		at: "keystile / max_staleness 10s", test: memoryIsBelievedForTenSeconds, in: faultyMachine,
		fails: []failure{heldAnyway, {"max_staleness 5s", "store_unavailable"}, {"max_staleness 1h", "answered 200"}},
	},
	{at: "keystile / on_store_failure deny", test: nobodyPassesOnOldKnowledge, in: faultyMachine, fails: []failure{heldAnyway, {"on_store_failure serve_stale 5m", "answered 200"}}},
	{at: "keystile / on_store_failure serve_stale 5m", test: knownKeysPassForFiveMinutes, in: faultyMachine, fails: []failure{{"", "store_unavailable"}}},
	{at: "keystile / revocation permanent", test: revokedKeysStayRevoked, in: withoutPlan, fails: []failure{heldAnyway, {"revocation reversible", "was reactivated"}}},
	{at: "keystile / revocation reversible", test: revokedKeysComeBack, in: withoutPlan, fails: []failure{leftOut("exit status 1"), {"revocation permanent", "exit status 1"}}},
	{at: "keystile / rotation_grace 24h", test: rotationsOverlapForADay, fails: []failure{heldAnyway, {"rotation_grace 48h", "more than a day"}, {"rotation_grace 12h", "the old key ends"}}},
	{at: "keystile / lost_pepper 0123456789abcdef", test: keysOfTheGonePepperKeepNobodyOut, in: peppered, fails: []failure{leftOut("lost_pepper")}},
	{at: "keystile / usage", test: callsAreStoredSoon, fails: []failure{heldAnyway, {"usage {\n flush_interval 1h\n}", "not stored"}}},
	{at: "keystile / usage / flush_interval 1s", test: callsAreStoredSoon, fails: []failure{heldAnyway, {"flush_interval 1h", "not stored"}}},
	{at: "keystile / usage / retention 400d", test: hoursAreKeptFor400Days, fails: []failure{leftOut("2 hours are kept"), {"retention 500d", "2 hours are kept"}, {"retention 300d", "0 hours are kept"}}},
	{
		at: "keystile / unknown_keys 20/s burst 100", test: guessesEnd,
		fails: []failure{leftOut("no end"), {"unknown_keys 20/s", "guesses"}, {"unknown_keys 20/s burst 1000", "no end"}},
	},
}
