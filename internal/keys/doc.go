// Package keys holds what a key is: the record, the secret that a client
// presents for it, the digest that is stored, and the format that ties them
// together. Nothing here does I/O or reads a clock.
package keys
