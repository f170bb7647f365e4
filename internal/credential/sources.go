package credential

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/keystile/keystile/internal/problem"
)

// Kind says in which part of a request a credential stands.
type Kind int

// The kinds of sources.
const (
	Bearer Kind = iota // Authorization: Bearer KEY
	Header             // NAME: KEY
	Query              // ?NAME=KEY
)

// Source is one place of a credential.
type Source struct {
	Kind Kind
	Name string // of the header, in canonical form, or of the parameter
}

// Sources are all places that a gate looks at.
type Sources []Source

// Describe says how a key is sent, for whoever has to.
func (s Sources) Describe() string {
	ways := make([]string, 0, len(s))
	for _, source := range s {
		switch source.Kind {
		case Header:
			ways = append(ways, source.Name+": YOUR_KEY")
		case Query:
			ways = append(ways, "?"+source.Name+"=YOUR_KEY")
		case Bearer:
			ways = append(ways, "Authorization: Bearer YOUR_KEY")
		}
	}
	return strings.Join(ways, " or as ")
}

// Find reads the one credential of a request. A second one, even identical and
// in another place, is one too many.
func (s Sources) Find(r *http.Request) Found {
	if len(s) == 1 {
		return s[0].find(r)
	}
	found := Found{Code: problem.MissingKey}
	for _, source := range s {
		one := source.find(r)
		switch {
		case one.Code == problem.MissingKey:
		case found.Code != problem.MissingKey:
			return Found{Code: problem.MultipleCredentials}
		default:
			found = one
		}
	}
	return found
}

func (s Source) find(r *http.Request) Found {
	switch s.Kind {
	case Header:
		return only(r.Header[s.Name])
	case Query:
		return only(parameters(r.URL.RawQuery, s.Name))
	default:
		return FromBearer(r.Header)
	}
}

// only takes the one value of a place.
func only(values []string) Found {
	switch {
	case len(values) > 1:
		return Found{Code: problem.MultipleCredentials}
	case len(values) == 0 || values[0] == "":
		return Found{Code: problem.MissingKey}
	}
	return Found{Text: values[0]}
}

// Strip takes off a request whatever stands in a place of a credential, save
// where keep wants it kept.
func (s Sources) Strip(r *http.Request, keep func(values []string) bool) {
	for _, source := range s {
		source.strip(r, keep)
	}
}

func (s Source) strip(r *http.Request, keep func([]string) bool) {
	name := s.Name
	switch s.Kind {
	case Query:
		if s.stripQuery(r.URL, keep) {
			r.RequestURI = r.URL.RequestURI()
		}
		return
	case Bearer:
		name = "Authorization"
	case Header:
	}
	if values := r.Header[name]; len(values) > 0 && !keep(values) {
		delete(r.Header, name)
	}
}

// StripQuery takes off an address whatever stands in a place of a credential,
// save where keep wants it kept.
func (s Sources) StripQuery(u *url.URL, keep func(values []string) bool) {
	for _, source := range s {
		if source.Kind == Query {
			source.stripQuery(u, keep)
		}
	}
}

func (s Source) stripQuery(u *url.URL, keep func([]string) bool) bool {
	values := parameters(u.RawQuery, s.Name)
	if len(values) == 0 || keep(values) {
		return false
	}
	u.RawQuery = Without(u.RawQuery, func(part string) bool {
		key, _, _ := strings.Cut(part, "=")
		return isNamed(key, s.Name)
	})
	return true
}

// parameters returns the decoded values of a parameter. Some servers take ;
// for a separator beside &, so both are.
func parameters(query, name string) (values []string) {
	for part := range pairs(query) {
		key, value, _ := strings.Cut(part, "=")
		if !isNamed(key, name) {
			continue
		}
		if text, err := url.QueryUnescape(value); err == nil {
			value = text
		}
		values = append(values, value)
	}
	return values
}

// Without returns a query without the parts that are unwanted; what else it
// holds keeps its bytes.
func Without(query string, unwanted func(part string) bool) string {
	var b strings.Builder
	for part, separator := range pairs(query) {
		if unwanted(part) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(separator)
		}
		b.WriteString(part)
	}
	return b.String()
}

// pairs yields the parts of a query, each with the separator before it.
func pairs(query string) func(yield func(part, separator string) bool) {
	return func(yield func(string, string) bool) {
		separator := "&"
		for query != "" {
			end := strings.IndexAny(query, "&;")
			if end < 0 {
				yield(query, separator)
				return
			}
			if !yield(query[:end], separator) {
				return
			}
			separator, query = query[end:end+1], query[end+1:]
		}
	}
}

func isNamed(key, name string) bool {
	if key == name {
		return true
	}
	text, err := url.QueryUnescape(key)
	return err == nil && text == name
}
