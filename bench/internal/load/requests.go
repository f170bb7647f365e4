package load

import "math/rand/v2"

// Requests is an endless list: the same request over and over, with one key
// after another, in an order that is shuffled once.
type Requests struct {
	before, after []byte
	keys          []string
	at            int
}

// NewRequests makes the list for a path of a server. Keys are sent in the
// Authorization header; the seed settles their order.
func NewRequests(host, path string, keys []string, seed uint64) *Requests {
	order := make([]string, len(keys))
	copy(order, keys)
	shuffle := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // an order that can be repeated, not a secret
	shuffle.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return &Requests{
		before: []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: keystile-bench\r\nAccept: */*\r\nAuthorization: Bearer "),
		after:  []byte("\r\n\r\n"),
		keys:   order,
	}
}

// next appends the next request.
func (r *Requests) next(to []byte) []byte {
	to = append(to, r.before...)
	to = append(to, r.keys[r.at]...)
	if r.at++; r.at == len(r.keys) {
		r.at = 0
	}
	return append(to, r.after...)
}
