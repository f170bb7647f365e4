package dashboard

import (
	"errors"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const maxForm = 256 << 10 // bytes

// form reads what a form sends. Nothing else is taken: a body of another kind
// is what a page elsewhere could have a browser send.
func (v *visit) form() (url.Values, error) {
	media, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, refusal(problem.UnsupportedMedia, "This takes a form, and nothing else.")
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, refusal(problem.BodyTooLarge, "")
		}
		return nil, refusal(problem.InvalidRequest, "The form can't be read.")
	}
	return v.r.PostForm, nil
}

// mistake is what a refusal says to whoever filled in a form; ok is false where
// it is no matter of the form.
func mistake(err error) (p *problem.Problem, ok bool) {
	refused, ok := errors.AsType[*manage.Error](err)
	if !ok {
		return nil, false
	}
	switch refused.Problem.Code.Row().Status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusServiceUnavailable:
		return nil, false
	case http.StatusForbidden:
		if refused.Problem.Param == "" { // who may not do it at all has no use for the form
			return nil, false
		}
	}
	p = manage.ProblemOf(err)
	return p, true
}

// lines are those of a text, without the blank ones.
func lines(text string) (all []string) {
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// plainBreaks has line breaks as everybody but forms writes them.
func plainBreaks(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
