package cli

import (
	"context"
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

// explaining is a service that notes what it is asked to explain.
type explaining struct {
	manage.Service
	asked []manage.Question
}

func (e *explaining) ExplainRequest(_ context.Context, _ manage.Call, ask manage.Question) (manage.Explained, error) {
	e.asked = append(e.asked, ask)
	return manage.Explained{
		Outcome: "rate_limited", Message: "Too many requests.\nTry again in 1 second.", KeyID: "key_1",
		Steps: []manage.ExplainedStep{{Step: "route", Passed: true}, {Step: "limits", Code: "rate_limited", Detail: "cost 1; live: 0 of 5 left"}},
	}, nil
}

func TestADecisionIsExplainedStepByStep(t *testing.T) {
	t.Parallel()
	f := setup(t)
	service := &explaining{}
	f.over = service
	golden(t, "explain", f.ok(t, "explain", "POST", "/v1/x", "--key", "key_1", "--address", "192.0.2.7", "--host", "api.example"))
	golden(t, "explain_json", f.ok(t, "explain", "GET", "/v1/x", "--key", "ks_live_whole", "--json"))
	want := []manage.Question{
		{KeyID: "key_1", Method: "POST", Path: "/v1/x", Client: "192.0.2.7", Host: "api.example"}, {Key: "ks_live_whole", Method: "GET", Path: "/v1/x"},
	}
	for i, question := range service.asked {
		if question != want[i] {
			t.Errorf("asked %+v, want %+v", question, want[i])
		}
	}
}

func TestWithoutAGatewayADecisionIsNotExplained(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for says, args := range map[string][]string{
		"keystile: a running gateway has to be asked: name its management API with --api, and a token with --token\n": {"explain", "GET", "/v1/x"},
		"keystile: --address must be an IP address\n":                                                                 {"explain", "GET", "/v1/x", "--address", "here"},
	} {
		if got := f.run(t, args...); got.status != StatusFailed || got.err != says {
			t.Errorf("%v: %+v", args, got)
		}
	}
}
