//go:build race

package keycache_test

// The race detector makes a sync.Pool drop what it holds, at random.
const poolsLeak = true
