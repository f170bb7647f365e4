package client

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/keystile/keystile/internal/keys"
)

var (
	errNoAddress = errors.New("the address of the API must start with http:// or https://, and name a host")
	errInAddress = errors.New("the address of the API must hold no credentials: state the token by itself")
	errNoToken   = errors.New("the API needs a management token")
	errBadToken  = errors.New("what is stated as the token is none: it has characters that no token has")
)

// parseAddress reads where the API is. Its errors don't repeat it: a token may
// have been put there.
func parseAddress(text string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimSpace(text))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errNoAddress
	}
	switch {
	case base.User != nil:
		return nil, errInAddress
	case base.RawQuery != "" || base.Fragment != "" || base.ForceQuery:
		return nil, fmt.Errorf("the address of the API on %s must end with its path: no ? and no #", base.Host)
	}
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), strings.TrimRight(base.RawPath, "/")
	return base, nil
}

// checkToken refuses what can't stand in a header, without a word of it.
func checkToken(token keys.Secret) error {
	text := token.Reveal()
	if text == "" {
		return errNoToken
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return errBadToken
		}
	}
	return nil
}
