package problem

import (
	"mime"
	"strings"
)

// DetailsType is the media type of Details (RFC 9457 section 6.1).
const DetailsType = "application/problem+json"

// WantsDetails reports whether a client that sent these Accept lines names
// Details among what it takes.
func WantsDetails(accept []string) bool {
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			if len(part) < len(DetailsType) {
				continue // most are, and needn't be parsed
			}
			if media, _, err := mime.ParseMediaType(part); err == nil && media == DetailsType {
				return true
			}
		}
	}
	return false
}
