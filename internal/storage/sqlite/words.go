package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

const (
	partChars   = 3  // of each part that key_words knows
	maxParts    = 24 // of one text that are looked at
	partsAtOnce = 4  // of these, where each is in too many keys: each costs
)

// rare writes a question to key_words that not too many keys answer, among them
// each one of the list. It is empty where there is none, or none is needed: the
// list fills a page soon, an owner's keys are few already, or no index of texts
// can hold what is looked for.
func (r *lister) rare(ctx context.Context, f storage.KeyFilter) (string, error) {
	if f.Query == "" || f.Owner != "" || !utf8.ValidString(f.Query) || strings.ContainsRune(f.Query, 0) {
		return "", nil
	}
	if often, err := r.frequent(ctx, f); often || err != nil {
		return "", err
	}
	chars := []rune(strings.ToLower(f.Query))
	if len(chars) < partChars {
		return r.rareStart(ctx, chars)
	}
	return r.rarePart(ctx, spread(partsOf(chars), maxParts))
}

// partsOf lists what key_words knows of a text, each part once.
func partsOf(chars []rune) (parts []string) {
	for at := 0; at+partChars <= len(chars); at++ {
		if part := quoted(string(chars[at : at+partChars])); !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

// quoted is a string of FTS5, in which nothing but the quote means anything.
func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

// spread picks at most n of a list, the first and the last among them.
func spread(all []string, n int) []string {
	if len(all) <= n {
		return all
	}
	some := make([]string, 0, n)
	for i := range n {
		some = append(some, all[(len(all)-1)*i/(n-1)])
	}
	return some
}

const withParts = "SELECT 1 FROM key_words WHERE key_words MATCH ?"

// rarePart takes the rarest part, or where each is in too many keys, some of
// them together.
func (r *lister) rarePart(ctx context.Context, parts []string) (string, error) {
	// Most texts have a part that is rare indeed, and is soon told from the others.
	for _, most := range []int{r.tooMany / 10, r.tooMany} {
		rarest, err := r.rarest(ctx, parts, most)
		if rarest != "" || err != nil {
			return rarest, err
		}
	}
	together := strings.Join(spread(parts, partsAtOnce), " AND ")
	n, err := r.count(ctx, withParts, r.tooMany, together)
	if err != nil || n == r.tooMany {
		return "", err
	}
	return together, nil
}

// rarest returns the part that the fewest keys have; empty where none is in
// less than most of them.
func (r *lister) rarest(ctx context.Context, parts []string, most int) (rarest string, err error) {
	for _, part := range parts {
		n, err := r.count(ctx, withParts, most, part)
		if err != nil {
			return "", err
		}
		if n < most {
			most, rarest = n, part
		}
	}
	return rarest, nil
}

// rareStart takes the parts that begin with a text that is too short for one.
func (r *lister) rareStart(ctx context.Context, chars []rune) (string, error) {
	text := string(chars)
	// Where there is no such part, this one asks for what isn't there.
	parts, sum := []string{quoted(text + strings.Repeat(sqlcore.Between, partChars-len(chars)))}, 0
	err := r.Each(ctx, "SELECT term, doc FROM key_parts WHERE term >= ? AND term <= ?", []any{text, text + string(utf8.MaxRune)},
		func(row sqlcore.Scan) (bool, error) {
			var part string
			var keys int
			err := row(&part, &keys)
			parts, sum = append(parts, quoted(part)), sum+keys
			return sum >= r.tooMany || len(parts) > maxParts, err
		})
	if err != nil {
		return "", fmt.Errorf("find parts of texts: %w", err)
	}
	if sum >= r.tooMany || len(parts) > maxParts {
		return "", nil
	}
	return strings.Join(parts, " OR "), nil
}
