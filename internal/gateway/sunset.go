package gateway

import (
	"net/http"
	"strconv"
)

// Names of the headers of a key that was replaced.
const (
	headerDeprecation = "Deprecation"
	headerSunset      = "Sunset"
	headerKeySunset   = "Keystile-Key-Sunset"
)

// setSunset tells the client that its key was replaced, and when it ends. RFC
// 9745 and RFC 8594 speak of the resource: what the upstream says of that
// stays, and a header of our own speaks of the key alone.
func setSunset(h http.Header, c *Call) {
	if c.Entry == nil {
		return
	}
	replaced, ends, ok := c.Entry.Retires(c.now)
	if !ok {
		return
	}
	date := ends.Format(http.TimeFormat)
	h[headerKeySunset] = []string{date}
	if len(h[headerDeprecation])+len(h[headerSunset]) == 0 {
		h[headerDeprecation] = []string{"@" + strconv.FormatInt(replaced.Unix(), 10)}
		h[headerSunset] = []string{date}
	}
}
