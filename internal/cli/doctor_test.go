package cli

import (
	"context"
	"errors"
	"testing"
)

func sampleChecks(context.Context, string) ([]Check, error) {
	return []Check{
		{"store", CheckOK, "it answers, in 3ms", ""},
		{"logs", CheckWarn, "these show keys that stand in addresses and headers: default", "give them `format keystile`"},
		{"admin", CheckOK, "Caddy's admin endpoint is for this machine only: localhost:2019", ""},
	}, nil
}

func TestADoctorTellsEachCheckInOneLine(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.examine = sampleChecks
	golden(t, "doctor", f.ok(t, "doctor"))
	golden(t, "doctor_json", f.ok(t, "doctor", "--json"))
	if len(f.opened) > 0 {
		t.Errorf("it opened %v", f.opened)
	}
}

func TestADoctorWhoseCheckFailsFails(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.examine = func(context.Context, string) ([]Check, error) {
		return []Check{{"a", CheckOK, "fine", ""}, {"store", CheckFail, "gone\nfor good", "look for it"}}, nil
	}
	got := f.run(t, "doctor")
	want := result{out: "ok    a      fine\nfail  store  gone for good: look for it\n", err: "keystile: 1 of 2 checks failed\n", status: StatusFailed}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	f.examine = func(context.Context, string) ([]Check, error) { return nil, errors.New("no such file") }
	if got := f.run(t, "doctor"); got.status != StatusFailed || got.out != "" {
		t.Errorf("with nothing to look at: %+v", got)
	}
	if got := f.run(t, "doctor", "--api", "https://x"); got.status != StatusBadUsage {
		t.Errorf("over the API: %+v", got)
	}
}
