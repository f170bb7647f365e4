package sqlite

import (
	"context"
	"slices"

	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// rowsPerStatement keeps statements well below SQLite's bound of 32,766
// parameters.
const rowsPerStatement = 250

// putRows executes a statement on rows of so many columns, some at once: before
// and after are what stands around their placeholders.
func putRows[T any](ctx context.Context, q *sqlcore.Session, rows []T, columns int, before, after string, args func(args []any, row *T) []any) error {
	for some := range slices.Chunk(rows, rowsPerStatement) {
		all := make([]any, 0, columns*len(some))
		for i := range some {
			all = args(all, &some[i])
		}
		if err := q.Exec(ctx, before+sqlcore.Placeholders(len(some), columns)+after, all...); err != nil {
			return err
		}
	}
	return nil
}
