package locallimiter

import (
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
)

func TestOpenedLimiterLimits(t *testing.T) {
	t.Parallel()
	l, err := Limiter{}.Open()
	if err != nil {
		t.Fatal(err)
	}
	rate, err := limit.ParseRate("1/h", 0)
	if err != nil {
		t.Fatal(err)
	}
	limits, now := []*limit.Limit{{Name: "live", Rate: rate}}, time.Now()
	for i, want := range []bool{true, false} {
		got, err := limittest.Subject(l, "key_a").Take(t.Context(), limits, 1, now)
		if err != nil || got.Granted != want {
			t.Errorf("request %d: granted %v, %v", i+1, got.Granted, err)
		}
	}
}

func TestCaddyfileTakesNoArguments(t *testing.T) {
	t.Parallel()
	for text, fine := range map[string]bool{"local": true, "local 5": false, "local {\n\tshare\n}": false} {
		if err := new(Limiter).UnmarshalCaddyfile(caddyfile.NewTestDispenser(text)); (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
	}
}
