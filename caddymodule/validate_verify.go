package caddymodule

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/keystile/keystile/internal/keys"
)

// What target can be.
const (
	targetForwarded = "forwarded"
	targetRequest   = "request"
)

// validate checks the gate against the app whose keys it takes, and changes
// nothing. The error is a *fault.
func (v *Verify) validate(app *Config) error {
	if err := v.checkOwn(); err != nil {
		return err
	}
	return v.Policy.validate(app)
}

// checkOwn checks what a gate in front of an upstream doesn't have.
func (v *Verify) checkOwn() error {
	for i, text := range v.Trusted {
		at := fmt.Sprintf("trusted/%d", i)
		if _, err := keys.ParseNet(text); err != nil {
			return faultf(at, "%q is neither an address nor a block of addresses, such as 10.0.0.0/8", text)
		}
		if slices.Contains(v.Trusted[:i], text) {
			return faultf(at, "%s is given twice", text)
		}
	}
	if err := checkWord("target", v.Target, targetForwarded, targetRequest, ""); err != nil {
		return err
	}
	if v.DenyStatus != 0 && v.DenyStatus != http.StatusForbidden {
		return faultf("deny_status", "deny_status is %d; it can be 403", v.DenyStatus)
	}
	return nil
}

// blocks are the addresses of trusted proxies, checked before.
func (v *Verify) blocks() (out []netip.Prefix) {
	for _, text := range v.Trusted {
		if block, err := keys.ParseNet(text); err == nil {
			out = append(out, block)
		}
	}
	return out
}
