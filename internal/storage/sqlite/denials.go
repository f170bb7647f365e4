package sqlite

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

const denialColumnCount = 10

// addDenials notes denials, oldest first, and forgets those that are too many.
func addDenials(ctx context.Context, q *sqlcore.Session, denials []storage.Denial) error {
	touched := map[keys.ID]bool{}
	err := putRows(ctx, q, denials, denialColumnCount, "INSERT INTO denials ("+sqlcore.DenialColumns+") SELECT * FROM (VALUES ",
		") AS noted WHERE noted.column2 = '' OR EXISTS (SELECT 1 FROM keys WHERE id = noted.column2)",
		func(args []any, d *storage.Denial) []any {
			touched[d.KeyID] = true
			return append(args, d.RequestID, d.KeyID, sqlcore.Micros(d.At), d.Gate, d.Method, d.Endpoint, d.Path, d.Project, d.Code, d.Client)
		})
	if err != nil {
		return err
	}
	for id := range touched {
		if err := q.ForgetDenials(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
