package gateway

import (
	"net/http"
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
// where its limits stand, how old the knowledge is that let it in, and when its
// key ends that was replaced.
func SetHeaders(h http.Header, c *Call) {
	if c.stale {
		h[headerStale] = []string{strconv.FormatInt(int64(c.age/time.Second), 10)}
	}
	setSunset(h, c)
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
	var room [roomForLimits]byte
	var v limitValues
	text := v.integer(room[:0], closest.Limit.Rate.Burst)
	text = v.integer(text, closest.Remaining)
	text = v.integer(text, c.now.Add(closest.Reset+time.Second-1).Unix())
	text = v.upTo(appendList(text, d, ";r=", ";t=", func(s *limit.State) (left, reset int64) {
		return s.Remaining, wholeSeconds(s.Reset)
	}))
	text = v.upTo(appendList(text, d, ";q=", ";w=", func(s *limit.State) (quota, window int64) {
		return s.Limit.Rate.Burst, max(1, wholeSeconds(s.Limit.Rate.Window()))
	}))
	v.set(h, string(text))
}

// setQuota speaks of the quota that is used up.
func setQuota(h http.Header, c *Call, q quota.Quota) {
	start, end := q.Period.Start(c.now), q.Period.End(c.now)
	name := q.Name()
	var room [roomForLimits]byte
	var v limitValues
	text := v.integer(room[:0], q.Max)
	text = v.integer(text, 0)
	text = v.integer(text, end.Unix())
	text = v.upTo(appendParameters(appendQuoted(text, name), ";r=", 0, ";t=", wholeSeconds(end.Sub(c.now))))
	text = v.upTo(appendParameters(appendQuoted(text, name), ";q=", q.Max, ";w=", wholeSeconds(end.Sub(start))))
	v.set(h, string(text))
}

// limitHeaders are in the order in which limitValues takes their values.
var limitHeaders = [...]string{headerLimit, headerRemaining, headerReset, headerIETF, headerPolicy}

// roomForLimits is as many bytes as the values of most calls take together.
const roomForLimits = 320

// limitValues says where the values of limitHeaders end that stand one behind
// the other in one text: so they cost a request two allocations, and not one each.
type limitValues struct {
	ends [len(limitHeaders)]int
	n    int
}

// upTo says that one more value ends where the text does.
func (v *limitValues) upTo(text []byte) []byte {
	v.ends[v.n] = len(text)
	v.n++
	return text
}

func (v *limitValues) integer(text []byte, n int64) []byte {
	return v.upTo(strconv.AppendInt(text, n, 10))
}

func (v *limitValues) set(h http.Header, text string) {
	values, from := make([]string, len(limitHeaders)), 0
	for i, name := range limitHeaders {
		values[i] = text[from:v.ends[i]]
		h[name] = values[i : i+1 : i+1]
		from = v.ends[i]
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
