// Package background owns goroutines: a job is started once, stopped once, and
// has written its last word when Stop returns.
package background
