package limit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

func TestRatesAreReadAsWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		burst int64
		want  limit.Rate
	}{
		{"100/s", 200, limit.Rate{N: 100, Per: time.Second, Burst: 200}},
		{"100/s", 0, limit.Rate{N: 100, Per: time.Second, Burst: 100}},
		{"60/m", 0, limit.Rate{N: 60, Per: time.Minute, Burst: 60}},
		{"1/h", 1, limit.Rate{N: 1, Per: time.Hour, Burst: 1}},
		{"10/d", 3, limit.Rate{N: 10, Per: 24 * time.Hour, Burst: 3}},
		{"007/s", 0, limit.Rate{N: 7, Per: time.Second, Burst: 7}},
		{"10000000/s", 0, limit.Rate{N: 10_000_000, Per: time.Second, Burst: 10_000_000}},
		{"864000000000/d", 0, limit.Rate{N: 864_000_000_000, Per: 24 * time.Hour, Burst: 864_000_000_000}},
	} {
		got, err := limit.ParseRate(c.text, c.burst)
		if err != nil || got != c.want {
			t.Errorf("ParseRate(%q, %d) = %+v, %v; want %+v", c.text, c.burst, got, err, c.want)
		}
	}
}

func TestMalformedRatesAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		burst int64
		want  string // part of the error
	}{
		{"", 0, "not of the form N/unit"},
		{"100", 0, "not of the form N/unit"},
		{"/s", 0, `"" is not a whole number`},
		{"100/", 0, `unknown unit ""; known: s, m, h, d`},
		{"100/week", 0, `unknown unit "week"`},
		{"100/S", 0, `unknown unit "S"`},
		{"100/s ", 0, `unknown unit "s "`},
		{"100/s/s", 0, `unknown unit "s/s"`},
		{" 100/s", 0, "not a whole number"},
		{"-1/s", 0, "not a whole number"},
		{"+1/s", 0, "not a whole number"},
		{"1.5/s", 0, "not a whole number"},
		{"1e3/s", 0, "not a whole number"},
		{"0x10/s", 0, "not a whole number"},
		{"१/s", 0, "not a whole number"},
		{"0/s", 0, "at least 1"},
		{"0/s", 5, "at least 1"},
		{"99999999999999999999/s", 0, "too large"},
		{"10000001/s", 0, "too fast"},
		{"864000000001/d", 0, "too fast"},
		{"5/s", -1, "burst is -1"},
		{"1/d", 3651, "more than 3650 days"},
		{"5/s", 1 << 62, "more than 3650 days"},
	} {
		_, err := limit.ParseRate(c.text, c.burst)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseRate(%q, %d): %v; want %q", c.text, c.burst, err, c.want)
		}
	}
}

func TestWindowIsTheTimeToFillTheBucket(t *testing.T) {
	t.Parallel()
	for rate, want := range map[limit.Rate]time.Duration{
		{N: 10, Per: time.Second, Burst: 20}: 2 * time.Second,
		{N: 60, Per: time.Minute, Burst: 1}:  time.Second,
		{N: 1, Per: time.Hour, Burst: 24}:    24 * time.Hour,
		{N: 3, Per: time.Second, Burst: 3}:   time.Second + 2,
	} {
		if got := rate.Window(); got != want {
			t.Errorf("window of %v is %v, want %v", rate, got, want)
		}
	}
}

// FuzzParseRate: whatever is accepted can be computed with at any time, and is
// read again from what it prints.
func FuzzParseRate(f *testing.F) {
	f.Add("100/s", int64(200), int64(0), int64(1))
	f.Add("1/d", int64(3650), int64(1<<62), int64(3650))
	f.Add("9999999/s", int64(0), int64(-1<<62), int64(1<<40))
	f.Add("-3/w", int64(-1), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, text string, burst, now, cost int64) {
		r, err := limit.ParseRate(text, burst)
		if err != nil {
			return
		}
		if err := r.Validate(); err != nil {
			t.Fatalf("accepted %q, which is invalid: %v", text, err)
		}
		checkReadBack(t, r)
		b := r.Bucket()
		fullAt, out := b.Take(limit.Instant(now), limit.Instant(now), limit.Cost(cost))
		checkOutcome(t, r, out)
		if granted := cost <= r.Burst; out.Granted != granted {
			t.Fatalf("%v: full bucket asked for %d: granted %v", r, cost, out.Granted)
		}
		_, out = b.Take(fullAt, limit.Instant(-now), 1)
		checkOutcome(t, r, out)
		checkOutcomeOfCarry(t, r, b.Carry(b, fullAt, limit.Instant(now)), limit.Instant(now))
	})
}

func checkReadBack(t *testing.T, r limit.Rate) {
	t.Helper()
	text, _, _ := strings.Cut(r.String(), " ")
	if again, err := limit.ParseRate(text, r.Burst); err != nil || again != r {
		t.Fatalf("%v is read back as %v, %v", r, again, err)
	}
}

func checkOutcome(t *testing.T, r limit.Rate, out limit.Outcome) {
	t.Helper()
	w := r.Window()
	switch {
	case w <= 0 || w > limit.MaxWindow:
		t.Fatalf("%v: window %v", r, w)
	case out.Remaining < 0 || out.Remaining > r.Burst:
		t.Fatalf("%v: %d remaining", r, out.Remaining)
	case out.Reset < 0 || out.Reset > w || out.RetryAfter < 0 || out.RetryAfter > w:
		t.Fatalf("%v: reset %v, retry after %v", r, out.Reset, out.RetryAfter)
	case out.Granted != (out.RetryAfter == 0):
		t.Fatalf("%v: granted %v, retry after %v", r, out.Granted, out.RetryAfter)
	}
}

func checkOutcomeOfCarry(t *testing.T, r limit.Rate, fullAt, now limit.Instant) {
	t.Helper()
	_, out := r.Bucket().Take(fullAt, now, 0)
	checkOutcome(t, r, out)
}
