package dashboard

import (
	"net/url"
	"strings"
	"testing"
)

// What is read of an address is written down as the same listing.
func FuzzListingIsReadAsItIsWritten(f *testing.F) {
	for _, seed := range []string{"", "q=a&status=active&sort=-calls&page=3", "sort=-", "page=0", "only=unused&project=a%20b", "q=%00&owner=%f0%9f%98%80", "page=99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		l, err := readListing(values)
		if err != nil {
			return
		}
		again, err := url.ParseQuery(strings.TrimPrefix(l.query(), "?"))
		if err != nil {
			t.Fatal(err)
		}
		same, err := readListing(again)
		if err != nil || same != l && !(l.Sort == "" && l.Descending) {
			t.Errorf("%q is read as %+v, and then as %+v, %v", query, l, same, err)
		}
		if s := l.search(); s.Skip < 0 || s.Limit != pageSize {
			t.Errorf("%q asks for %+v", query, s)
		}
	})
}

// Where to go on to is below the dashboard's address, whatever is asked for.
func FuzzNextStaysHere(f *testing.F) {
	for _, seed := range []string{"w/default/keys", "w/a/b?c=d", "//evil", `w/\evil`, "w/%2e%2e/", "https://evil", "w/%2f%2fevil", "w/a%0d%0a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		next := nextOf(text)
		if next == "" {
			return
		}
		base := &url.URL{Scheme: "https", Host: "here", Path: "/mount/sign-in"}
		to, err := base.Parse("./" + next)
		if err != nil || to.Host != "here" || to.Scheme != "https" || !strings.HasPrefix(to.Path, "/mount/w/") {
			t.Errorf("%q leads to %v, %v", text, to, err)
		}
	})
}
