package client

import (
	"net/http"
	"net/url"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// Config says where the API is, and who asks.
type Config struct {
	// Address is where keystile_admin is mounted: http or https, and a path
	// where it is under one. /v1/ is below it.
	Address string
	// Token is a management token, or an API key that may manage keys. It goes
	// to the host of Address and to no other.
	Token keys.Secret
	// CAFile, where stated, is a PEM file with certificates to trust beside
	// those of the system.
	CAFile string
	// UserAgent names the program that asks.
	UserAgent string
	// Transport carries requests; nil: over the network, through the proxies
	// that the environment names.
	Transport http.RoundTripper
}

// Client is the Service of another process. It may be used concurrently.
type Client struct {
	base      *url.URL // without a slash at its end
	token     keys.Secret
	userAgent string
	http      *http.Client
}

var _ manage.Service = (*Client)(nil)

// New checks the configuration. It sends nothing.
func New(c Config) (*Client, error) {
	base, err := parseAddress(c.Address)
	if err != nil {
		return nil, err
	}
	if err := checkToken(c.Token); err != nil {
		return nil, err
	}
	carrier := c.Transport
	if carrier == nil {
		if carrier, err = network(c.CAFile); err != nil {
			return nil, err
		}
	}
	return &Client{base: base, token: c.Token, userAgent: c.UserAgent, http: &http.Client{
		Transport: carrier,
		// A redirect could carry the token to somebody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

const (
	// patience is how long a call may take, its answer included. A change that
	// waits for others takes 10 s at most.
	patience = 30 * time.Second
	// maxAnswer bounds what is read of an answer: many times the largest page
	// of keys.
	maxAnswer = 64 << 20 // bytes
)
