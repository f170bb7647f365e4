package dashboard

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/manage"
)

var chartNow = time.Date(2026, 11, 22, 13, 30, 0, 0, time.UTC)

func TestEachLabelOfAChartStandsBelowTheBarThatItNames(t *testing.T) {
	t.Parallel()
	for _, s := range scales {
		c := chartOf(nil, s, chartNow)
		every := len(c.Bars) / len(c.Labels)
		if len(c.Bars)%len(c.Labels) != 0 || len(c.Labels) > 2*mostLabels || len(c.Labels) < 4 {
			t.Errorf("%s: %d labels for %d bars", s.Name, len(c.Labels), len(c.Bars))
			continue
		}
		var want []string
		for i := 0; i < len(c.Bars); i += every {
			want = append(want, c.Bars[i].At.Format(s.layout))
		}
		if diff := cmp.Diff(want, c.Labels); diff != "" {
			t.Errorf("%s: -want +got:\n%s", s.Name, diff)
		}
	}
}

// Of hours before the first bar and behind the last, nothing is drawn.
func TestAChartHoldsWhatWasCountedInItsTimeAndNothingElse(t *testing.T) {
	t.Parallel()
	day := scaleOf("24h")
	start := day.start(chartNow)
	row := func(at time.Time, calls, denied int64) manage.UsageRow {
		return manage.UsageRow{Time: &at, Calls: calls, Denied: denied}
	}
	c := chartOf([]manage.UsageRow{
		row(start.Add(-time.Hour), 100, 0), row(start, 1, 2), row(start.Add(23*time.Hour), 4, 0), row(start.Add(24*time.Hour), 100, 0),
	}, day, chartNow)
	if c.Calls != 5 || c.Denied != 2 || c.Most != 4 || c.Bars[0].Denied != 2 || c.Bars[23].Calls != 4 {
		t.Errorf("%d calls, %d denied, at most %d: %+v", c.Calls, c.Denied, c.Most, c.Bars)
	}
}
