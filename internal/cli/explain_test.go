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
		Notes: []string{"The buckets are taken as full."}, Recorded: recordedFor(ask),
	}, nil
}

func recordedFor(ask manage.Question) *manage.RecordedDenial {
	if ask.RequestID == "" {
		return nil
	}
	return &manage.RecordedDenial{
		RequestID: ask.RequestID, Time: hour(1), Gate: ":443 api.example.com", Method: "GET", Path: "/v1/{}", Route: "GET /v1/{item}",
		KeyID: "key_1", Client: "192.0.2.7", Status: 403, Outcome: "ip_not_allowed",
		Steps: []manage.ExplainedStep{{Step: "route", Passed: true, Detail: "GET /v1/{item}"}, {Step: "address", Code: "ip_not_allowed", Detail: "192.0.2.7"}},
	}
}

func TestADecisionIsExplainedStepByStep(t *testing.T) {
	t.Parallel()
	f := setup(t)
	service := &explaining{}
	f.over = service
	golden(t, "explain", f.ok(t, "explain", "POST", "/v1/x", "--key", "key_1", "--address", "192.0.2.7", "--host", "api.example", "--gate", ":443 api.example"))
	golden(t, "explain_json", f.ok(t, "explain", "GET", "/v1/x", "--key", "ks_live_whole", "--json"))
	golden(t, "explain_request", f.ok(t, "explain", "--request", "r-1"))
	want := []manage.Question{
		{KeyID: "key_1", Method: "POST", Path: "/v1/x", Client: "192.0.2.7", Host: "api.example", Gate: ":443 api.example"}, {Key: "ks_live_whole", Method: "GET", Path: "/v1/x"},
		{RequestID: "r-1"},
	}
	for i, question := range service.asked {
		if question != want[i] {
			t.Errorf("asked %+v, want %+v", question, want[i])
		}
	}
}

func TestWhatCannotBeExplainedIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.over = &explaining{}
	const needs = "METHOD and PATH are missing, or --request with the request_id of a refusal"
	const alone = "--request says all of the request: METHOD, PATH and other flags don't go with it"
	for _, c := range []struct {
		says   string
		status int
		args   []string
	}{
		{"--address must be an IP address\n", StatusFailed, []string{"GET", "/v1/x", "--address", "here"}},
		{needs + "; see keystile explain --help\n", StatusBadUsage, nil},
		{needs + "; see keystile explain --help\n", StatusBadUsage, []string{"GET"}},
		{alone + "; see keystile explain --help\n", StatusBadUsage, []string{"GET", "/v1/x", "--request", "r-1"}},
		{alone + "; see keystile explain --help\n", StatusBadUsage, []string{"--key", "key_1", "--request", "r-1"}},
	} {
		if got := f.run(t, append([]string{"explain"}, c.args...)...); got.status != c.status || got.err != "keystile: "+c.says {
			t.Errorf("%v: %+v", c.args, got)
		}
	}
}
