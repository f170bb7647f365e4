package caddymodule

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/keystile/keystile/internal/problem"
)

const metricsFile = "../docs/metrics.md"

// metricNames are those of the collectors, with what they say of themselves.
func metricNames(t *testing.T) (names []string, help map[string]string) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registerMetrics(registry); err != nil {
		t.Fatal(err)
	}
	described := regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]*)"`)
	help = map[string]string{}
	descs := make(chan *prometheus.Desc, 100)
	for _, c := range collectors {
		c.Describe(descs)
	}
	close(descs)
	for d := range descs {
		found := described.FindStringSubmatch(d.String())
		names, help[found[1]] = append(names, found[1]), found[2]
	}
	slices.Sort(names)
	return names, help
}

func TestDocumentationListsTheMetrics(t *testing.T) {
	names, help := metricNames(t)
	var list strings.Builder
	for _, name := range names {
		fmt.Fprintf(&list, "- `%s`: %s\n", name, help[name])
	}
	const from, to = "<!-- metrics -->\n", "<!-- end of metrics -->"
	text, err := os.ReadFile(metricsFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(text), from)
	_, tail, found := strings.Cut(rest, to)
	if !found {
		t.Fatal("docs/metrics.md has no place for the list")
	}
	want := head + from + list.String() + to + tail
	if *update {
		if err := os.WriteFile(metricsFile, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("docs/metrics.md is not what is collected; run the tests with -update: -document +collected:\n%s", diff)
	}
}

// What alerts and dashboards ask for is there.
func TestAlertsAndDashboardsNameMetricsAndOutcomesThatThereAre(t *testing.T) {
	names, _ := metricNames(t)
	outcome := regexp.MustCompile(`outcome=~\\?"([a-z_|]+)\\?"`)
	for _, file := range []string{"prometheus/keystile.rules.yml", "grafana/keystile.json"} {
		text, err := os.ReadFile(filepath.Join("../deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`keystile_[a-z_]+`).FindAllString(string(text), -1)
		if len(found) < 5 {
			t.Errorf("%s names %v", file, found)
		}
		for _, name := range found {
			if !slices.Contains(names, strings.TrimSuffix(name, "_bucket")) {
				t.Errorf("%s asks for %s, which is not there", file, name)
			}
		}
		for _, codes := range outcome.FindAllStringSubmatch(string(text), -1) {
			for code := range strings.SplitSeq(codes[1], "|") {
				if !slices.ContainsFunc(problem.All(), func(r problem.Row) bool { return string(r.Code) == code }) {
					t.Errorf("%s asks for the outcome %s, which is not there", file, code)
				}
			}
		}
	}
}
