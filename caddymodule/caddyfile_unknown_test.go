package caddymodule

import (
	"slices"
	"testing"
)

func TestAnOptionIsSentToTheBlockThatHasIt(t *testing.T) {
	t.Parallel()
	all := [][]string{
		routeOptions.list(), gateOptions.list(), appOptions.list(), ownVerifyOptions.list(), planOptions.list(), usageOptions.list(),
	}
	tables := all[:len(homes)]
	inOthers := func(i int, name string) bool {
		for j, others := range all {
			if i != j && slices.Contains(others, name) {
				return true
			}
		}
		return false
	}
	for i, names := range tables {
		for _, name := range names {
			if got, want := slices.Contains(homes[i].options, name), !inOthers(i, name); got != want {
				t.Errorf("%s belongs in %s alone: %t, and is listed so: %t", name, homes[i].block, want, got)
			}
		}
		for _, name := range homes[i].options {
			if !slices.Contains(names, name) {
				t.Errorf("%s is no option of %s", name, homes[i].block)
			}
		}
	}
}
