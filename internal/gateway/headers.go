package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/quota"
)

// Names of the limit headers, in their canonical form.
const (
	headerLimit     = "X-Ratelimit-Limit"
	headerRemaining = "X-Ratelimit-Remaining"
	headerReset     = "X-Ratelimit-Reset"
	headerIETF      = "Ratelimit"
	headerPolicy    = "Ratelimit-Policy"
	headerStale     = "Keystile-Stale"
)

// SetHeaders tells the client what the gate has to say besides the answer:
// where its limits stand, and how old the knowledge is that let it in.
func SetHeaders(h http.Header, c *Call) {
	if c.stale {
		h[headerStale] = []string{strconv.FormatInt(int64(c.age/time.Second), 10)}
	}
	setLimits(h, c)
}

// setLimits tells the client where a call's limits stand: the X- headers
// speak of the limit that is closest to its end, with Reset in Unix seconds;
// RateLimit and RateLimit-Policy speak of all of them
// (draft-ietf-httpapi-ratelimit-headers-10).
func setLimits(h http.Header, c *Call) {
	if q := c.excess.Quota; q.Max > 0 {
		setQuota(h, c, q)
		return
	}
	d := &c.Verdict.Limits
	closest := d.Headline()
	if closest == nil {
		return
	}
	reset := c.now.Add(closest.Reset + time.Second - 1).Unix()
	h[headerLimit] = []string{strconv.FormatInt(closest.Limit.Rate.Burst, 10)}
	h[headerRemaining] = []string{strconv.FormatInt(closest.Remaining, 10)}
	h[headerReset] = []string{strconv.FormatInt(reset, 10)}
	h[headerIETF] = []string{list(d, func(s *limit.State) string {
		return ";r=" + strconv.FormatInt(s.Remaining, 10) + ";t=" + strconv.FormatInt(wholeSeconds(s.Reset), 10)
	})}
	h[headerPolicy] = []string{list(d, func(s *limit.State) string {
		r := s.Limit.Rate
		return ";q=" + strconv.FormatInt(r.Burst, 10) + ";w=" + strconv.FormatInt(max(1, wholeSeconds(r.Window())), 10)
	})}
}

// setQuota speaks of the quota that is used up.
func setQuota(h http.Header, c *Call, q quota.Quota) {
	start, end := q.Period.Start(c.now), q.Period.End(c.now)
	name := quote("quota " + q.Period.String())
	h[headerLimit] = []string{strconv.FormatInt(q.Max, 10)}
	h[headerRemaining] = []string{"0"}
	h[headerReset] = []string{strconv.FormatInt(end.Unix(), 10)}
	h[headerIETF] = []string{name + ";r=0;t=" + strconv.FormatInt(wholeSeconds(end.Sub(c.now)), 10)}
	h[headerPolicy] = []string{name + ";q=" + strconv.FormatInt(q.Max, 10) + ";w=" + strconv.FormatInt(wholeSeconds(end.Sub(start)), 10)}
}

// list writes a structured-field list of strings with parameters (RFC 9651).
func list(d *limit.Decision, parameters func(*limit.State) string) string {
	var b strings.Builder
	for i := range d.Count {
		if i > 0 {
			b.WriteString(", ")
		}
		s := &d.States[i]
		b.WriteString(quote(s.Limit.Name))
		b.WriteString(parameters(s))
	}
	return b.String()
}

// quote writes a structured-field string: visible ASCII and spaces, with " and
// \ escaped; whatever else a name holds becomes a question mark.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			b.WriteByte('?')
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
