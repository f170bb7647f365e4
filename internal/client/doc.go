// Package client is manage.Service over the management API of a running
// keystile_admin. What the API refuses comes back as the *manage.Error that it
// was there; what keeps a call from being answered is one clear sentence that
// names the address.
package client
