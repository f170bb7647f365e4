package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// guesses are secrets of one kind, the next one with each call.
type guesses func() string

// How long the answer to a guess takes tells nothing of how near it was. The
// kinds are asked about in turn on one connection, two of them being alike, so
// that whatever the machine does befalls all; what the two alike differ by is
// what can't be told from noise.
func TestENUM02TheTimeOfAnAnswerTellsNothingOfHowNearAGuessWas(t *testing.T) {
	const rounds = 4
	samples := sized(1000, 5000)
	g := setup(t, options{before: quiet})
	planted := g.plant(2, func(i int, k *keys.Key) { k.Status = []keys.Status{keys.Active, keys.Revoked}[i] })
	unknown := func() string { return drawSecret(keys.Live) }
	near := func(k key) guesses { return nearTo(k.Secret) }
	for name, kinds := range map[string][]guesses{
		"ENUM-02 cold, each guess another one": {unknown, unknown, near(planted[0]), near(planted[1])},
		"ENUM-02 warm, the same guesses again": {same(unknown()), same(unknown()), same(near(planted[0])()), same(near(planted[1])())},
	} {
		t.Run(name, func(t *testing.T) {
			for round := range rounds {
				took := g.timeGuesses(t, kinds, samples)
				most := max(20*time.Microsecond, took[0]/20, 3*apart(took[0], took[1]))
				active, revoked := apart(took[0], took[2]), apart(took[0], took[3])
				t.Logf("medians of %d: unknown %v and %v, near an active key %v, near a revoked one %v", samples, took[0], took[1], took[2], took[3])
				if active < most && revoked < most {
					return
				}
				if round == rounds-1 {
					t.Errorf("a guess near a key takes %v or %v longer or shorter, time after time; unknown ones differ by %v", active, revoked, apart(took[0], took[1]))
				}
			}
		})
	}
}

// timeGuesses are the medians of how long answers take, by kinds of guesses.
func (g *gate) timeGuesses(t *testing.T, kinds []guesses, samples int) []time.Duration {
	t.Helper()
	c := g.connect()
	took := make([][]time.Duration, len(kinds))
	for i := range samples {
		for j := range kinds {
			at := (i + j) % len(kinds) // none is always behind the same other one
			raw := g.request(http.MethodGet, "/", bearer(kinds[at]()))
			began := time.Now()
			got, err := c.exchange(raw)
			took[at] = append(took[at], time.Since(began))
			if err != nil || got.code() != "unknown_key" {
				t.Fatalf("answered %v, %v", got, err)
			}
		}
	}
	medians := make([]time.Duration, len(kinds))
	for at, all := range took {
		slices.Sort(all)
		medians[at] = all[len(all)/2]
	}
	return medians
}

func same(secret string) guesses { return func() string { return secret } }

// nearTo are secrets that differ from one in the last characters of their body.
func nearTo(secret string) guesses {
	n, body := 0, len(secret)-sumChars
	return func() string {
		n++
		tail := []byte(secret[body-3 : body])
		for i, left := len(tail)-1, n; left > 0; i, left = i-1, left/base {
			tail[i] = base62[left%base]
		}
		if string(tail) == secret[body-3:body] {
			tail[0] = other(tail[0])
		}
		return resum(secret[:body-3] + string(tail) + secret[body:])
	}
}

const (
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base   = len(base62)
)

func apart(a, b time.Duration) time.Duration { return (a - b).Abs() }
