package e2e

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// dynamicTOML is as much of Traefik's dynamic configuration as its page has.
type dynamicTOML struct {
	HTTP struct {
		Routers map[string]struct {
			EntryPoints []string
			Rule        string
			Middlewares []string
			Service     string
		}
		Middlewares map[string]struct {
			ForwardAuth *forwardAuth
			Headers     *struct{ CustomRequestHeaders map[string]string }
		}
		Services map[string]struct {
			LoadBalancer struct{ Servers []struct{ URL string } }
		}
	}
}

// forwardAuth is what Traefik's middleware of this name is told, and does as
// Traefik 3.7 does (docs: reference/routing-configuration/http/middlewares/forwardauth).
type forwardAuth struct {
	Address                  string
	TrustForwardHeader       bool
	AuthRequestHeaders       []string
	AuthResponseHeadersRegex string
	MaxResponseBodySize      int64
}

// forwardAuth serves a page's configuration at the neighbour's address, until
// the end of the test.
func (n *neighbour) forwardAuth(text string) {
	n.t.Helper()
	var told dynamicTOML
	if err := toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields().Decode(&told); err != nil {
		n.t.Fatal(err)
	}
	router := told.HTTP.Routers["api"]
	server, err := url.Parse(told.HTTP.Services[router.Service].LoadBalancer.Servers[0].URL)
	if err != nil {
		n.t.Fatal(err)
	}
	var handler http.Handler = httputil.NewSingleHostReverseProxy(server)
	for i := len(router.Middlewares) - 1; i >= 0; i-- {
		middleware := told.HTTP.Middlewares[router.Middlewares[i]]
		if middleware.ForwardAuth != nil {
			handler = middleware.ForwardAuth.before(n, handler)
		}
		if middleware.Headers != nil {
			handler = without(middleware.Headers.CustomRequestHeaders, handler)
		}
	}
	n.serve(atEntry(handler))
}

// atEntry does what entry points do: they apply what Connection says, and drop
// it.
func atEntry(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, line := range r.Header.Values("Connection") {
			for name := range strings.SplitSeq(line, ",") {
				r.Header.Del(strings.TrimSpace(name))
			}
		}
		r.Header.Del("Connection")
		next.ServeHTTP(w, r)
	})
}

func (n *neighbour) serve(handler http.Handler) {
	n.t.Helper()
	listener, err := net.Listen("tcp", n.front.addr)
	if err != nil {
		n.t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // until it is closed
	}()
	n.t.Cleanup(func() {
		_ = server.Close() // what is under way is cut
		<-done
	})
}

// without drops the headers that are set to nothing.
func without(custom map[string]string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range custom {
			if r.Header.Del(name); value != "" {
				r.Header.Set(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// before asks about each request that a handler is to get.
func (f *forwardAuth) before(n *neighbour, next http.Handler) http.Handler {
	if f.TrustForwardHeader || len(f.AuthRequestHeaders) == 0 || f.AuthResponseHeadersRegex == "" {
		n.t.Fatal("the page has settings that this test doesn't know")
	}
	mine := regexp.MustCompile(f.AuthResponseHeadersRegex)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := f.ask(r)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		defer answer.Body.Close()
		if answer.StatusCode < http.StatusOK || answer.StatusCode >= http.StatusMultipleChoices {
			f.passOn(w, answer)
			return
		}
		copyMatching(r.Header, answer.Header, mine)
		next.ServeHTTP(w, r)
	})
}

// ask sends a GET with the headers that may be handed on, and what the proxy
// itself sees of the request.
func (f *forwardAuth) ask(r *http.Request) (*http.Response, error) {
	about, err := http.NewRequestWithContext(r.Context(), http.MethodGet, f.Address, http.NoBody)
	if err != nil {
		return nil, err
	}
	for _, name := range f.AuthRequestHeaders {
		if values := r.Header.Values(name); len(values) > 0 {
			about.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	client, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(r.Host)
	for name, value := range map[string]string{
		"X-Forwarded-For": client, "X-Forwarded-Method": r.Method, "X-Forwarded-Uri": r.URL.RequestURI(), "X-Forwarded-Host": r.Host,
		"X-Forwarded-Proto": "http", "X-Forwarded-Port": port,
	} {
		about.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(about)
}

// passOn answers with what the one that was asked answered.
func (f *forwardAuth) passOn(w http.ResponseWriter, answer *http.Response) {
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(answer.Body, f.MaxResponseBodySize)) // a client that went away needs no answer
}

// copyMatching replaces the headers of a request whose names match by those of
// an answer.
func copyMatching(to, from http.Header, names *regexp.Regexp) {
	for name := range to {
		if names.MatchString(name) {
			delete(to, name)
		}
	}
	for name, values := range from {
		if names.MatchString(name) {
			to[name] = values
		}
	}
}
