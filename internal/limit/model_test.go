package limit_test

import (
	"math/big"

	"github.com/keystile/keystile/internal/limit"
)

// model is a token bucket that is slow and obviously right: it counts tokens
// as exact fractions.
type model struct {
	rate   *big.Rat // tokens in a nanosecond
	burst  *big.Rat
	tokens *big.Rat
	at     limit.Instant
}

// newModel makes a full bucket of burst that refills by n tokens in per
// nanoseconds.
func newModel(n, per, burst int64, at limit.Instant) *model {
	return &model{
		rate:   big.NewRat(n, per),
		burst:  big.NewRat(burst, 1),
		tokens: big.NewRat(burst, 1),
		at:     at,
	}
}

// advance refills up to now.
func (m *model) advance(now limit.Instant) {
	gained := new(big.Rat).Mul(m.rate, big.NewRat(int64(now-m.at), 1))
	m.tokens.Add(m.tokens, gained)
	if m.tokens.Cmp(m.burst) > 0 {
		m.tokens.Set(m.burst)
	}
	m.at = now
}

// take spends cost tokens if they are there.
func (m *model) take(now limit.Instant, cost limit.Cost) bool {
	m.advance(now)
	price := big.NewRat(int64(cost), 1)
	if m.tokens.Cmp(price) < 0 {
		return false
	}
	m.tokens.Sub(m.tokens, price)
	return true
}

// remaining is the whole tokens that are there.
func (m *model) remaining() int64 {
	return new(big.Int).Quo(m.tokens.Num(), m.tokens.Denom()).Int64()
}

// wait is how many nanoseconds it takes until cost tokens are there, rounded
// up.
func (m *model) wait(cost limit.Cost) int64 {
	return m.until(big.NewRat(int64(cost), 1))
}

// reset is how many nanoseconds it takes until the bucket is full, rounded up.
func (m *model) reset() int64 { return m.until(m.burst) }

func (m *model) until(tokens *big.Rat) int64 {
	missing := new(big.Rat).Sub(tokens, m.tokens)
	if missing.Sign() <= 0 {
		return 0
	}
	missing.Quo(missing, m.rate)
	up := new(big.Int).Sub(missing.Denom(), big.NewInt(1))
	up.Add(up, missing.Num())
	return up.Quo(up, missing.Denom()).Int64()
}
