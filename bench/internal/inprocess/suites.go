package inprocess

// Names of what is reported.
const (
	Decide           = "gateway.Decide"
	DecideOfAMillion = "gateway.DecideOfAMillion/each"
	Simplest         = "gateway.SimplestParts/10000"
	SimplestMillion  = "gateway.SimplestParts/1000000"
	MemoryPerKey     = "engine.MemoryPerKey"
	FlushSQLite      = "sqlite.ApplyUsage"
	FlushPostgres    = "postgres.ApplyUsage"
)

// Suites are the benchmarks behind them.
var Suites = []Suite{
	{Package: "./internal/gateway", Bench: "^(BenchmarkDecide|BenchmarkDecideOfAMillion|BenchmarkSimplestParts)$", Count: 5},
	{Package: "./internal/engine", Bench: "^BenchmarkMemoryPerKey$", Count: 2, Time: "1x"},
	{Package: "./internal/storage/sqlite", Bench: "^BenchmarkApplyUsage$", Count: 5},
	{Package: "./internal/storage/postgres", Bench: "^BenchmarkApplyUsage$", Count: 5},
}
