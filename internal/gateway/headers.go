package gateway

import (
	"net/http"
	"slices"
	"strconv"
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
	var text [256]byte // most lists fit
	left := string(appendList(text[:0], d, ";r=", ";t=", func(s *limit.State) (left, reset int64) {
		return s.Remaining, wholeSeconds(s.Reset)
	}))
	policy := string(appendList(text[:0], d, ";q=", ";w=", func(s *limit.State) (quota, window int64) {
		return s.Limit.Rate.Burst, max(1, wholeSeconds(s.Limit.Rate.Window()))
	}))
	setAll(h, [...]string{
		strconv.FormatInt(closest.Limit.Rate.Burst, 10),
		strconv.FormatInt(closest.Remaining, 10),
		strconv.FormatInt(c.now.Add(closest.Reset+time.Second-1).Unix(), 10),
		left,
		policy,
	})
}

// setQuota speaks of the quota that is used up.
func setQuota(h http.Header, c *Call, q quota.Quota) {
	start, end := q.Period.Start(c.now), q.Period.End(c.now)
	name := appendQuoted(nil, "quota "+q.Period.String())
	setAll(h, [...]string{
		strconv.FormatInt(q.Max, 10),
		"0",
		strconv.FormatInt(end.Unix(), 10),
		string(appendParameters(slices.Clone(name), ";r=", 0, ";t=", wholeSeconds(end.Sub(c.now)))),
		string(appendParameters(slices.Clone(name), ";q=", q.Max, ";w=", wholeSeconds(end.Sub(start)))),
	})
}

// limitHeaders are in the order in which setAll takes their values.
var limitHeaders = [...]string{headerLimit, headerRemaining, headerReset, headerIETF, headerPolicy}

func setAll(h http.Header, values [len(limitHeaders)]string) {
	for i, name := range limitHeaders {
		h[name] = values[i : i+1 : i+1]
	}
}

// appendList writes a structured-field list of strings with two parameters each
// (RFC 9651).
func appendList(b []byte, d *limit.Decision, first, second string, figures func(*limit.State) (int64, int64)) []byte {
	for i := range d.Count {
		if i > 0 {
			b = append(b, ", "...)
		}
		s := &d.States[i]
		one, other := figures(s)
		b = appendParameters(appendQuoted(b, s.Limit.Name), first, one, second, other)
	}
	return b
}

func appendParameters(b []byte, first string, one int64, second string, other int64) []byte {
	b = strconv.AppendInt(append(b, first...), one, 10)
	return strconv.AppendInt(append(b, second...), other, 10)
}

// appendQuoted writes a structured-field string: visible ASCII and spaces, with
// " and \ escaped; whatever else a name holds becomes a question mark.
func appendQuoted(b []byte, text string) []byte {
	b = append(b, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = append(b, '?')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
