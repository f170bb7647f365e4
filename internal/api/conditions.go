package api

import (
	"net/http"
	"strings"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const (
	matchHeader     = "If-Match"
	noneMatchHeader = "If-None-Match"
)

// readConditions reads the headers that say when a call is to happen: the
// idempotency key of a route that takes one, and whether an If-Match is here
// at all. Where none is taken, one that doesn't hold would be passed over.
func readConditions(r *http.Request, row *route) (once string, err error) {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if r.Header.Values(matchHeader) != nil && !row.ifMatch && !reads {
		return "", refusal(problem.InvalidRequest, matchHeader, "If-Match is taken where a key is edited, and nowhere else.")
	}
	lines := r.Header.Values(manage.IdempotencyKeyHeader)
	switch {
	case lines == nil || !row.once:
		return "", nil
	case len(lines) > 1:
		return "", refusal(problem.InvalidRequest, manage.IdempotencyKeyHeader, manage.IdempotencyKeyHeader+" must be given once.")
	}
	return lines[0], manage.CheckIdempotencyKey(lines[0])
}

// ifMatch is the request's If-Match, its lines joined as RFC 9110 section 5.2
// has it. A blank one is a condition, too: most likely of a client that has lost
// its ETag.
func (rq *request) ifMatch() manage.Field[string] {
	lines := rq.header.Values(matchHeader)
	if lines == nil {
		return manage.Field[string]{}
	}
	return manage.Stated(strings.Join(lines, ", "))
}

// ifNoneMatch reports whether the client has what bears the tag already (RFC
// 9110 section 13.1.2). Tags of ours hold no comma.
func (rq *request) ifNoneMatch(tag string) bool {
	for _, line := range rq.header.Values(noneMatchHeader) {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.Trim(one, " \t")
			if one == "*" || tag != "" && strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
