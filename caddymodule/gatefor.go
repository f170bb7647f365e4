package caddymodule

import (
	"slices"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/manage"
)

// gateFor finds the gate whose routes judge the path.
func (v *verifier) gateFor(workspace string, ask *manage.Verification) (*gateway.Gate, error) {
	if ask.Path == "" {
		if ask.Host != "" || ask.Method != "" || ask.Gate != "" {
			return nil, badVerification("path", "path is needed where host, method or gate is given.")
		}
		return v.bare, nil
	}
	all := v.sites()
	if ask.Gate != "" {
		return single(titled(all, ask.Gate), all, "gate", workspace)
	}
	isBehind := func(one standing) bool { return one.behind } // no path leads there by itself
	sites := slices.DeleteFunc(slices.Clone(all), isBehind)
	if ask.Host != "" {
		sites = gatesFor(sites, ask.Host)
	}
	return single(sites, all, "host", workspace)
}

// single returns the gate that is asked, where there is just one.
func single(sites, all []standing, param, workspace string) (*gateway.Gate, error) {
	switch {
	case len(sites) == 1:
		return sites[0].gate.gate, nil
	case len(all) == 0:
		return nil, badVerification(param, "There is no gate.")
	case len(sites) == 0:
		return nil, badVerification(param, param+" names no gate. There are: "+listed(all, workspace)+".")
	}
	return nil, badVerification(param, "There are several gates, and nothing here tells which one is asked. Name it as gate: "+listed(sites, workspace)+".")
}
