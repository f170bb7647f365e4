package cli

import (
	"cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// Sites are the addresses that a configuration serves, as far as they can be
// told from it.
type Sites struct {
	// Try is the address of something that a key may call with a plain GET;
	// empty where there is none. nil: nothing is known of the gates.
	Try   func(manage.KeyView) string
	Admin string // of a keystile_admin, ending with host or port; empty: unknown
}

// tryWith is what to call with a key, or what to put in its place; empty for a
// key that is refused everywhere.
func (s Sites) tryWith(k manage.KeyView) string {
	if k.Status == keys.Inactive {
		return ""
	}
	address := ""
	if s.Try != nil {
		address = s.Try(k)
	}
	return cmp.Or(address, "https://YOUR-API/")
}

func (s Sites) admin() string { return cmp.Or(s.Admin, "https://YOUR-ADMIN") }
