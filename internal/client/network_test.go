package client

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// quiet logs nothing.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func TestAddressesAreReadStrictly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://127.0.0.1:8081":           "http://127.0.0.1:8081",
		"https://admin.example.com/":      "https://admin.example.com",
		" https://admin.example.com/a//":  "https://admin.example.com/a",
		"https://admin.example.com/a%2Fb": "https://admin.example.com/a%2Fb",
		"http://[::1]:8081/x":             "http://[::1]:8081/x",
	} {
		got, err := parseAddress(text)
		if err != nil || got.String() != want {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"":                                  "must start with http:// or https://",
		"localhost:8081":                    "must start with http:// or https://",
		"admin.example.com":                 "must start with http:// or https://",
		"ftp://admin.example.com":           "must start with http:// or https://",
		"http://":                           "must start with http:// or https://",
		"http:///v1":                        "must start with http:// or https://",
		"http://a b":                        "must start with http:// or https://",
		token:                               "must start with http:// or https://",
		"https://" + token + "@a.example":   "must hold no credentials",
		"https://a.example/?token=" + token: "must end with its path",
		"https://a.example/#" + token:       "must end with its path",
	} {
		_, err := New(Config{Address: text, Token: keys.NewSecret(token)})
		wantOneLine(t, err, says)
	}
}

func TestTokensThatNoHeaderHoldsAreRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"": "needs a management token", token + "\n": "is none", token + " x": "is none", "ä" + token: "is none", token + "\x7f": "is none",
	} {
		_, err := New(Config{Address: "http://a.example", Token: keys.NewSecret(text)})
		wantOneLine(t, err, says)
	}
}

func TestNobodyThereIsOneLine(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = create(t, at(t, address))
	wantOneLine(t, err, "can't reach "+address+": connection refused")
}

func TestHungUpIsOneLine(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	wantOneLine(t, remove(t, at(t, s.URL)), "the connection to "+s.URL+" broke off before the answer was there; it may have been done all the same")
	s = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("{"))
	})
	wantOneLine(t, remove(t, at(t, s.URL)), "broke off before the answer was there")
}

func TestOnlyCertificatesThatAreTrustedGetTheToken(t *testing.T) {
	t.Parallel()
	seen := 0
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen++
		answerAny(w, r)
	}))
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	wantOneLine(t, list(t, at(t, s.URL)), "can't reach "+s.URL+": its certificate isn't trusted: x509: ")
	if seen != 0 {
		t.Fatal("a server that isn't trusted got the token")
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := list(t, dial(t, Config{Address: s.URL, CAFile: file})); err != nil || seen != 1 {
		t.Errorf("%v, and %d requests", err, seen)
	}
	wantOneLine(t, list(t, dial(t, Config{Address: "http" + s.URL[len("https"):]})), "should the address start with https://?")
}

func TestPlainServersAreNamed(t *testing.T) {
	t.Parallel()
	s := serve(t, answerAny)
	wantOneLine(t, list(t, at(t, "https"+s.URL[len("http"):])), "it speaks http there, and not https")
}

func TestCertificateFilesAreChecked(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{empty: "it has no certificate in PEM", empty + ".not": "no such file"} {
		_, err := New(Config{Address: "https://a.example", Token: keys.NewSecret(token), CAFile: file})
		wantOneLine(t, err, says)
	}
}
