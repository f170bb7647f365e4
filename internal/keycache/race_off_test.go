//go:build !race

package keycache_test

const poolsLeak = false
