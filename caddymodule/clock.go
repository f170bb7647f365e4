package caddymodule

import "time"

// now is the clock that everything is wired with. It has a file of its own, so
// that the whole-binary tests can build a gate with another one in its place:
// in this one, nothing can be set.
func now() time.Time { return time.Now() }
