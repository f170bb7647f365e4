package cli

import (
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

func sampleReport() manage.ReportView {
	return manage.ReportView{From: hour(24), Total: 64, Data: []manage.RefusalView{
		{Route: "GET /v1/projects", Code: "missing_key", Requests: 41, Last: hour(1)},
		{
			KeyID: "key_0a1b2c3d4e5f6g7h8i9j0k", Name: "Nightly export", Workspace: "default", Route: "POST /v1/projects",
			Code: "insufficient_scope", Requests: 23, Last: hour(2),
		},
	}}
}

func TestAReportTellsWhoWouldHaveBeenRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.over = &sampled{f.manager}
	golden(t, "report", f.ok(t, "report"))
	golden(t, "report_json", f.ok(t, "report", "--json"))
	f.over = nil
	golden(t, "report_nobody", f.ok(t, "report", "--from", "24h"))
	golden(t, "report_nobody_json", f.ok(t, "report", "--from", "24h", "--json"))
	if got := f.run(t, "report", "--from", "soon"); got.status != StatusBadUsage {
		t.Errorf("since soon: %+v", got)
	}
}
