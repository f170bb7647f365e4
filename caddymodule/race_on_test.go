//go:build race

package caddymodule

// forgotten allocations: the race detector makes a sync.Pool drop what it holds,
// at random.
const forgotten = 10
