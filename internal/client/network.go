package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	tlsTimeout  = 10 * time.Second
)

var errNoCertificates = errors.New("it has no certificate in PEM")

// network makes what carries requests over the network.
func network(caFile string) (*http.Transport, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		roots, err := rootsWith(caFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificates in %s: %w", caFile, err)
		}
		trust.RootCAs = roots
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:     trust,
		TLSHandshakeTimeout: tlsTimeout,
		ForceAttemptHTTP2:   true,
	}, nil
}

// rootsWith are the system's certificates and those of a file.
func rootsWith(file string) (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil { // none on this system: the file's alone, then
		roots = x509.NewCertPool()
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, errNoCertificates
	}
	return roots, nil
}
