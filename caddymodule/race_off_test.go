//go:build !race

package caddymodule

const forgotten = 0
