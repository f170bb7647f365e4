package main

import (
	"strings"
	"testing"
)

func TestFiguresOfAPartAreNotPublished(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"-quick", "-only=Keystile", "-keys=1,2", "-inside=false", "-profiles=/tmp"} {
		if _, err := parse([]string{"-write", "page.md", part}); err == nil || !strings.Contains(err.Error(), "whole run") {
			t.Errorf("%s: got %v", part, err)
		}
	}
	if _, err := parse([]string{"-write", "page.md"}); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeMeasuredIsRefused(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"-keys=", "-keys=0", "-keys=1,x", "-only=(", "-rounds=0", "-slice=0s", "-warm=-1s"} {
		if _, err := parse([]string{flag}); err == nil {
			t.Errorf("%s is taken", flag)
		}
	}
}

func TestRunThatNamesNoSeedSaysWhichItDrew(t *testing.T) {
	t.Parallel()
	o, err := parse(nil)
	if err != nil || o.seed == 0 {
		t.Errorf("got seed %d (%v)", o.seed, err)
	}
	if o, err := parse([]string{"-seed=7"}); err != nil || o.seed != 7 {
		t.Errorf("got seed %d (%v), want 7", o.seed, err)
	}
}
