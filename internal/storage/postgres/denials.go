package postgres

import (
	"context"
	"slices"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

const (
	// denialsNoted holds the keys until the end, as callsNoted does.
	denialsNoted = `INSERT INTO denials (` + sqlcore.DenialColumns + `)
		SELECT more.request, more.key_id, more.time, more.gate, more.method, more.endpoint, more.path, more.project, more.code, more.client
		FROM unnest(?::text[], ?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[]) WITH ORDINALITY
			AS more (` + sqlcore.DenialColumns + `, n)
		LEFT JOIN (SELECT id FROM keys WHERE id = ANY (?::text[]) ORDER BY id FOR KEY SHARE) AS there ON there.id = more.key_id
		WHERE more.key_id = '' OR there.id IS NOT NULL
		ORDER BY more.n`

	denialsForgotten = `DELETE FROM denials WHERE seq IN (
		SELECT seq FROM (SELECT seq, row_number() OVER (PARTITION BY key_id ORDER BY seq DESC) AS n FROM denials WHERE key_id = ANY (?)) AS latest
		WHERE n > ?)`
)

// addDenials notes denials, oldest first, and forgets those that are too many.
func addDenials(ctx context.Context, q *sqlcore.Session, denials []storage.Denial) error {
	for some := range slices.Chunk(denials, rowsPerStatement) {
		of, err := noteDenials(ctx, q, some)
		if err != nil {
			return err
		}
		if slices.Contains(of, "") {
			if err := q.ForgetDenials(ctx, ""); err != nil {
				return err
			}
		}
		of = slices.DeleteFunc(of, func(id string) bool { return id == "" })
		if len(of) == 0 {
			continue
		}
		if err := q.Exec(ctx, denialsForgotten, of, storage.KeyDenialsKept); err != nil {
			return err
		}
	}
	return nil
}

// noteDenials returns of which keys they are, each once.
func noteDenials(ctx context.Context, q *sqlcore.Session, some []storage.Denial) (of []string, err error) {
	var texts [9][]string
	var times []int64
	for i := range some {
		d := &some[i]
		times = append(times, sqlcore.Micros(d.At))
		for n, text := range [...]string{d.RequestID, string(d.KeyID), d.Gate, d.Method, d.Endpoint, d.Path, d.Project, d.Code, d.Client} {
			texts[n] = append(texts[n], text)
		}
	}
	of = slices.Compact(slices.Sorted(slices.Values(texts[1])))
	return of, q.Exec(ctx, denialsNoted, texts[0], texts[1], times, texts[2], texts[3], texts[4], texts[5], texts[6], texts[7], texts[8], of)
}
