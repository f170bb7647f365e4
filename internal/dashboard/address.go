package dashboard

import (
	"net/url"
	"strings"
)

// workspacePath is the address of a page below the dashboard's.
func workspacePath(workspace string, parts ...string) string {
	var b strings.Builder
	b.WriteString("w/" + url.PathEscape(workspace))
	for _, part := range parts {
		b.WriteString("/" + url.PathEscape(part))
	}
	return b.String()
}

// nextQuery remembers where whoever signs in wanted to go.
func nextQuery(wanted *url.URL) string {
	at := strings.TrimPrefix(wanted.EscapedPath(), "/")
	if at == "" {
		return ""
	}
	if wanted.RawQuery != "" {
		at += "?" + wanted.RawQuery
	}
	return "?next=" + url.QueryEscape(at)
}

// nextOf reads what nextQuery wrote: an address of a workspace's page, below
// the dashboard's. Whatever else stands there, such as another site's address,
// leads nowhere: empty.
func nextOf(text string) string {
	if !strings.HasPrefix(text, "w/") || strings.ContainsAny(text, "\\#") {
		return ""
	}
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	path, _, _ := strings.Cut(text, "?")
	for segment := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "" || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\") {
			return ""
		}
	}
	return text
}
