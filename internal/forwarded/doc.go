// Package forwarded reads what another proxy says of the request that it asks
// about: which method, which target, which host, and whose. It says so in
// headers; whoever may not be believed is the caller's to know.
package forwarded
