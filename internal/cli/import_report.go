package cli

import (
	"fmt"

	"github.com/keystile/keystile/internal/manage"
)

// importReport is what came of an import.
type importReport struct {
	Format    string              `json:"format"` // "csv" or "jsonl"
	Workspace string              `json:"workspace"`
	DryRun    bool                `json:"dry_run"`
	Imported  int                 `json:"imported"`
	Unchanged int                 `json:"unchanged"`
	Refused   []manage.RefusedRow `json:"refused"`

	refused int
	keep    bool // the refused rows, for the document
}

func newImportReport(format string, flags *importFlags) *importReport {
	return &importReport{
		Format: format, Workspace: flags.workspaceOf(), DryRun: flags.dryRun, Refused: []manage.RefusedRow{}, keep: flags.json,
	}
}

func (r *importReport) refuse(row manage.RefusedRow) {
	if r.keep {
		r.Refused = append(r.Refused, row)
	}
}

func (r *importReport) text(p *page) {
	did := "Imported"
	if r.DryRun {
		did = "Would import"
	}
	p.line("%s %s into workspace %s (read as %s); %s there already, %s refused.", did, counted(r.Imported, "key", "keys"),
		plain(r.Workspace), formatNames[r.Format], counted(r.Unchanged, "was", "were"), counted(r.refused, "row was", "rows were"))
	if r.DryRun {
		p.line("Nothing was changed.")
	}
}

// counted is a number of things, or of what they did.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
