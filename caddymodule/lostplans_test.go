package caddymodule

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

func TestAStartNamesThePlansThatWorkspacesHaveAndTheConfigurationDoesNot(t *testing.T) {
	t.Parallel()
	f := setupBench(t)
	f.app.Plans = map[string]*Plan{"free": {}, "pro": {}, "team": {}}
	service, err := f.app.manager(f.app.engine.Store(), attached{})
	if err != nil {
		t.Fatal(err)
	}
	call := manage.Call{Actor: manage.CommandActor("ann")}
	for name, plan := range map[string]string{"a": "pro", "b": "pro", "c": "team", "d": "free", "e": ""} {
		if _, err := service.CreateWorkspace(t.Context(), call, manage.NewWorkspace{Name: name, Plan: plan}); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		plans map[string]*Plan
		first string
		lines int
		want  []string // in this order
	}{
		{map[string]*Plan{"free": {}, "pro": {}, "team": {}}, "", 0, nil},
		{map[string]*Plan{"free": {}}, "", 2, []string{"are refused until", "plan=pro workspaces=2", "are refused until", "plan=team workspaces=1"}},
		{map[string]*Plan{"free": {}, "team": {}}, "free", 1, []string{"the default plan holds", "plan=pro workspaces=2 default_plan=free"}},
		{nil, "", 3, []string{"plan=free workspaces=1", "plan=pro workspaces=2", "plan=team workspaces=1"}},
	} {
		var log bytes.Buffer
		f.app.log, f.app.Plans, f.app.DefaultPlan = slog.New(slog.NewTextHandler(&log, nil)), row.plans, row.first
		if err := f.app.Start(); err != nil {
			t.Fatal(err)
		}
		rest := log.String()
		for _, part := range row.want {
			_, after, in := strings.Cut(rest, part)
			if rest = after; !in {
				t.Errorf("with %v: %q is missing in\n%s", row.plans, part, log.String())
			}
		}
		if lines := strings.Count(log.String(), "plan that is not configured"); lines != row.lines {
			t.Errorf("with %v: %d lines, want %d\n%s", row.plans, lines, row.lines, log.String())
		}
	}
}
