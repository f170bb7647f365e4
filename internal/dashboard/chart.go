package dashboard

import (
	"strconv"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

// The measures of a chart, in units of its view box.
const (
	chartWidth  = 720
	chartHeight = 160
	chartFoot   = 22 // below the bars, for their labels
	mostLabels  = 8
)

// chart is calls over time, as bars.
type chart struct {
	Width, Height, Base int
	Bars                []bar
	Most                int64 // of one bar
	Labels              []chartLabel
	Step                string // what a bar stands for
	Calls, Denied       int64
}

// bar is one step of time: allowed calls below, denied ones on top.
type bar struct {
	At            time.Time
	Calls, Denied int64

	X, Width       float64
	Y, Height      float64 // of the allowed part
	OverY, OverTop float64 // of the denied part: where it begins, and its height
	Name           string
}

type chartLabel struct {
	X    float64
	Text string
}

// scale is how long a chart looks back, in which steps.
type scale struct {
	Name, Label string
	long, step  time.Duration
	layout      string // of labels
	each        string
}

var scales = []scale{
	{"24h", "24 hours", 24 * time.Hour, time.Hour, "15:04", "an hour"},
	{"7d", "7 days", 7 * 24 * time.Hour, 6 * time.Hour, "2 Jan", "6 hours"},
	{"30d", "30 days", 30 * 24 * time.Hour, 24 * time.Hour, "2 Jan", "a day"},
	{"90d", "90 days", 90 * 24 * time.Hour, 3 * 24 * time.Hour, "2 Jan", "3 days"},
}

const usualScale = 1

// scaleOf is the one of a name; another name is the usual one.
func scaleOf(name string) scale {
	for _, s := range scales {
		if s.Name == name {
			return s
		}
	}
	return scales[usualScale]
}

// start is when the first bar of a chart begins that ends with the present one.
func (s *scale) start(now time.Time) time.Time {
	return now.UTC().Truncate(s.step).Add(s.step - s.long)
}

// chartOf draws what was counted by the hour.
func chartOf(rows []manage.UsageRow, s scale, now time.Time) *chart {
	start := s.start(now)
	end := start.Add(s.long)
	c := &chart{Width: chartWidth, Height: chartHeight, Base: chartHeight - chartFoot, Step: s.each}
	c.Bars = make([]bar, int(s.long/s.step))
	for i := range c.Bars {
		c.Bars[i].At = start.Add(time.Duration(i) * s.step)
	}
	for i := range rows {
		if rows[i].Time == nil || rows[i].Time.Before(start) || !rows[i].Time.Before(end) {
			continue
		}
		b := &c.Bars[rows[i].Time.Sub(start)/s.step]
		b.Calls, b.Denied = b.Calls+rows[i].Calls, b.Denied+rows[i].Denied
	}
	c.measure(s)
	return c
}

// measure settles where the bars stand.
func (c *chart) measure(s scale) {
	for i := range c.Bars {
		b := &c.Bars[i]
		c.Most = max(c.Most, b.Calls+b.Denied)
		c.Calls, c.Denied = c.Calls+b.Calls, c.Denied+b.Denied
	}
	slot := float64(c.Width) / float64(len(c.Bars))
	for i := range c.Bars {
		b := &c.Bars[i]
		b.X, b.Width = round(float64(i)*slot+slot*0.12), round(slot*0.76)
		b.Height, b.OverTop = c.tall(b.Calls), c.tall(b.Denied)
		b.Y = round(float64(c.Base) - b.Height)
		b.OverY = round(b.Y - b.OverTop)
		b.Name = b.At.Format("2 Jan 15:04") + " UTC: " + strconv.FormatInt(b.Calls, 10) + " allowed, " + strconv.FormatInt(b.Denied, 10) + " denied"
		if every := max(1, len(c.Bars)/mostLabels); i%every == 0 && i+every/2 < len(c.Bars) {
			c.Labels = append(c.Labels, chartLabel{b.X, b.At.Format(s.layout)})
		}
	}
}

// tall is how high a bar of so many calls is. One call can be seen, however
// many another bar has.
func (c *chart) tall(n int64) float64 {
	if n == 0 || c.Most == 0 {
		return 0
	}
	const headroom = 12
	return round(max(2, float64(c.Base-headroom)*float64(n)/float64(c.Most)))
}

func round(x float64) float64 { return float64(int64(x*10+0.5)) / 10 }
