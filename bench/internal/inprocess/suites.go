package inprocess

// Names of what is reported.
const (
	Decide           = "gateway.Decide"
	DecideOfAMillion = "gateway.DecideOfAMillion/each"
	MemoryPerKey     = "engine.MemoryPerKey"
	FlushSQLite      = "sqlite.ApplyUsage"
	FlushPostgres    = "postgres.ApplyUsage"
)

// Suites are the benchmarks behind them.
var Suites = []Suite{
	{Package: "./internal/gateway", Bench: "^(BenchmarkDecide|BenchmarkDecideOfAMillion)$", Count: 5},
	{Package: "./internal/engine", Bench: "^BenchmarkMemoryPerKey$", Count: 2, Time: "1x"},
	{Package: "./internal/storage/sqlite", Bench: "^BenchmarkApplyUsage$", Count: 5},
	{Package: "./internal/storage/postgres", Bench: "^BenchmarkApplyUsage$", Count: 5},
}
