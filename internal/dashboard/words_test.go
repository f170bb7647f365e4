package dashboard

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

var noon = time.Date(2026, 11, 22, 12, 30, 0, 0, time.UTC)

// Whatever was counted within a chart's time is in exactly one of its bars, and
// no bar leaves the picture.
func TestAChartHoldsEachCallOfItsTimeOnce(t *testing.T) {
	t.Parallel()
	for _, s := range scales {
		start := s.start(noon)
		row := func(at time.Time, calls, denied int64) manage.UsageRow {
			return manage.UsageRow{Time: &at, Calls: calls, Denied: denied}
		}
		c := chartOf([]manage.UsageRow{
			row(start.Add(-time.Hour), 1000, 0), row(start, 1, 0), row(start.Add(s.step-time.Hour), 2, 1), row(noon.Truncate(time.Hour), 40, 7),
			row(noon.Add(s.long), 5000, 0),
		}, s, noon)
		if c.Calls != 43 || c.Denied != 8 || len(c.Bars) != int(s.long/s.step) {
			t.Errorf("%s: %d allowed, %d denied in %d bars", s.Name, c.Calls, c.Denied, len(c.Bars))
		}
		if first, last := c.Bars[0], c.Bars[len(c.Bars)-1]; first.Calls == 0 || last.Calls != 40 || last.Denied != 7 || last.At.After(noon) {
			t.Errorf("%s: from %+v to %+v", s.Name, first, last)
		}
		for _, b := range c.Bars {
			if b.OverY < 0 || b.Y+b.Height > float64(c.Base)+.1 || b.X < 0 || b.X+b.Width > float64(c.Width) || b.Calls > 0 && b.Height < 2 {
				t.Errorf("%s: a bar leaves the picture, or can't be seen: %+v", s.Name, b)
			}
		}
	}
	if c := chartOf(nil, scaleOf("nonsense"), noon); c.Most != 0 || len(c.Bars) != 28 {
		t.Errorf("without calls: %+v", c)
	}
}

func TestTimesAreInWords(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for ago, want := range map[time.Duration]string{
		0: "just now", 4 * time.Second: "just now", 5 * time.Second: "5 seconds ago", time.Minute: "1 minute ago", 59 * time.Minute: "59 minutes ago",
		time.Hour: "1 hour ago", 47 * time.Hour: "1 day ago", 59 * day: "59 days ago", 60 * day: "2 months ago", 730 * day: "2 years ago",
		-time.Hour: "in 1 hour", -45 * day: "in 45 days",
	} {
		if got := distance(noon, noon.Add(-ago)); got != want {
			t.Errorf("%v ago is %q, want %q", ago, got, want)
		}
	}
	m := ago(noon, noon.In(time.FixedZone("there", 3600)))
	if m.Machine != "2026-11-22T12:30:00Z" || m.Exact != "2026-11-22 12:30:00 UTC" {
		t.Errorf("the instant is %+v", m)
	}
}

func TestNumbersAreGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got, err := count(n); got != want || err != nil {
			t.Errorf("%d is %q, %v", n, got, err)
		}
	}
	if _, err := count("1"); err == nil {
		t.Error("a text was taken for a number")
	}
}
