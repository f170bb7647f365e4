package credential

import (
	"net/http"
	"net/url"
)

// Put writes a secret into a request where the first source reads it.
func (s Sources) Put(r *http.Request, secret string) {
	switch first := s[0]; first.Kind {
	case Bearer:
		r.Header.Set("Authorization", "Bearer "+secret)
	case Header:
		r.Header.Set(first.Name, secret)
	case Query:
		if r.URL.RawQuery != "" {
			r.URL.RawQuery += "&"
		}
		r.URL.RawQuery += url.QueryEscape(first.Name) + "=" + url.QueryEscape(secret)
		r.RequestURI = r.URL.RequestURI()
	}
}
