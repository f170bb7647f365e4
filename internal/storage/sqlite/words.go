package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	partChars   = 3  // of each part that key_words knows
	maxParts    = 24 // of one text that are looked at
	partsAtOnce = 4  // of these, where none is rare by itself: each costs
)

// rare writes a question to key_words that few keys answer, among them each
// one that a text is part of. It is empty where there is none: the text is part
// of too many, or is none that an index of texts can hold.
func (r *reader) rare(ctx context.Context, text string) (string, error) {
	if text == "" || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", nil
	}
	chars := []rune(strings.ToLower(text))
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

// rarePart takes the rarest part, or where none is rare, some of them together.
func (r *reader) rarePart(ctx context.Context, parts []string) (string, error) {
	least, rarest := fewKeys+1, ""
	for _, part := range parts {
		n, err := r.countFew(ctx, withParts, part)
		if err != nil {
			return "", err
		}
		if n < least {
			least, rarest = n, part
		}
	}
	if rarest != "" || len(parts) < 2 {
		return rarest, nil
	}
	together := strings.Join(spread(parts, partsAtOnce), " AND ")
	n, err := r.countFew(ctx, withParts, together)
	if err != nil || n > fewKeys {
		return "", err
	}
	return together, nil
}

// rareStart takes the parts that begin with a text that is too short for one.
func (r *reader) rareStart(ctx context.Context, chars []rune) (string, error) {
	text := string(chars)
	// Where there is no such part, this one asks for what isn't there.
	parts, sum := []string{quoted(text + strings.Repeat(between, partChars-len(chars)))}, 0
	err := r.each(ctx, "SELECT term, doc FROM key_parts WHERE term >= ? AND term <= ?", []any{text, text + string(utf8.MaxRune)},
		func(row scan) (bool, error) {
			var part string
			var keys int
			err := row(&part, &keys)
			parts, sum = append(parts, quoted(part)), sum+keys
			return sum > fewKeys || len(parts) > maxParts, err
		})
	if err != nil {
		return "", fmt.Errorf("find parts of texts: %w", err)
	}
	if sum > fewKeys || len(parts) > maxParts {
		return "", nil
	}
	return strings.Join(parts, " OR "), nil
}

// countFew counts the rows of a query, as long as they are few; else it is one
// more than fewKeys.
func (r *reader) countFew(ctx context.Context, query string, args ...any) (n int, err error) {
	err = r.row(ctx, "SELECT count(*) FROM ("+query+" LIMIT ?)", append(args, fewKeys+1), &n)
	if err != nil {
		return 0, fmt.Errorf("count what is listed: %w", err)
	}
	return n, nil
}
