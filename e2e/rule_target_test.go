package e2e

import "testing"

const (
	noTarget = "400 | 400 ambiguous_path"
	noScope  = "403 insufficient_scope"
)

func TestRULE01OnlyPathsAreServedAndForwardedAsTheyWereDecided(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: pathPolicy})
	g.tryOddities(t, g.key("--scopes", "read"), []oddity{
		{"a scheme in capitals", "GET HTTP://$HOST/v1/admin HTTP/1.1", noScope},
		{"another scheme of the web", "GET https://$HOST/v1/admin HTTP/1.1", noScope},
		{"an absolute target is forwarded as its path", "GET http://$HOST/v1/x?a=b HTTP/1.1", "GET /v1/x?a=b HTTP/1.1"},
		{"a user in an absolute target", "GET http://public@$HOST/v1/admin HTTP/1.1", noScope},
		{"an address in the user", "GET http://$HOST/public/@x/v1/admin HTTP/1.1", "GET /public/@x/v1/admin HTTP/1.1"},
		{"nothing behind the host", "GET http://$HOST HTTP/1.1", noTarget},
		{"only a query behind the host", "GET http://$HOST?/public/ HTTP/1.1", noTarget},
		{"a host without an end", "GET http://[::1/v1/x HTTP/1.1", "400"},
		{"an escape in the host", "GET http://a%2fpublic/v1/admin HTTP/1.1", noScope + " | 400"},
		{"a port that is no number", "GET http://$HOST:x/v1/x HTTP/1.1", "400"},
		{"two hosts", "GET http://$HOST//$HOST/v1/admin HTTP/1.1", noTarget},
		{"a WebSocket's scheme", "GET ws://$HOST/v1/x HTTP/1.1", noTarget},
		{"a file's scheme", "GET file:///v1/x HTTP/1.1", noTarget},
		{"a scheme without a host", "GET http:///public/x HTTP/1.1", noTarget},
		{"a scheme and a path", "GET x:/v1/x HTTP/1.1", noTarget},
		{"a letter's address", "GET mailto:a@b.example HTTP/1.1", noTarget},
		{"only a query", "GET ?x=/public/x HTTP/1.1", "400"},
		{"no slash", "GET v1/x HTTP/1.1", "400"},
		{"a dot", "GET ./v1/x HTTP/1.1", "400"},
		{"nothing", "GET  HTTP/1.1", "400"},
		{"two blanks", "GET  /v1/x HTTP/1.1", "400"},
		{"a tab", "GET\t/v1/x HTTP/1.1", "400"},
		{"a blank within", "GET /public/x /v1/admin HTTP/1.1", "400"},
		{"a blank behind", "GET /v1/x  HTTP/1.1", "400"},
		{"another star", "HEAD * HTTP/1.1", noTarget},
		{"a star and a key", "POST * HTTP/1.1", noTarget},
		{"a star in a path", "GET /* HTTP/1.1", "403 route_not_allowed"},
		{"no version", "GET /v1/x", "400 | closed"},
		{"a version to come", "GET /v1/x HTTP/3.0", "400 | 505"},
		{"the opening of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 | 505 | closed"},
		{"two hosts in the header", "GET /v1/x HTTP/1.1\r\nHost: $HOST\r\nHost: evil.test\r\n$KEY\r\n", "400"},
		{"no host", "GET /v1/x HTTP/1.1\r\n$KEY\r\n", "400"},
		{"a path in the host", "GET /v1/admin HTTP/1.1\r\nHost: $HOST/public\r\n$KEY\r\n", "400 | 403 insufficient_scope"},
		{"a blank in the host", "GET /v1/x HTTP/1.1\r\nHost: $HOST public\r\n$KEY\r\n", "400"},
		{"an older version", "GET /v1/admin HTTP/1.0", noScope},
		{"an older version without a host", "GET /v1/admin HTTP/1.0\r\n$KEY\r\n", noScope},
	}...)
}

func TestRULE02NoSpellingOfAPathOpensMoreThanThePath(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: pathPolicy + "\nroute GET /* read\nroute GET /v1/keys admin\nroute GET /v1/a/{x}/b admin\nroute GET /v1/straße admin"})
	read := g.key("--scopes", "read")
	get := func(name, path, want string) oddity { return oddity{name, "GET " + path + " HTTP/1.1", want} }
	const refused = noScope + " | 400 ambiguous_path"
	g.tryOddities(t, read,
		get("half an escape", "/v1/admin%", "400"),
		get("an escape of one digit", "/v1/admin%2", "400"),
		get("an escape that is none", "/v1/%zzadmin", "400"),
		get("an escape of another kind", "/v1/%u0061dmin", "400"),
		get("a letter for which another stands", "/v1/%e2%84%aaeys", noScope),
		get("the same as bytes", "/v1/\u212aeys", noScope),
		get("a long s", "/v1/key%c5%bf", noScope),
		get("a sharp s in capitals", "/v1/STRA%E1%BA%9EE", noScope),
		get("a parameter on the way", "/v1;x/admin", noScope),
		get("a dot on the way", "/v1./admin", noScope),
		get("a blank on the way", "/v1%20/admin", noScope),
		get("dots and blanks together", "/v1/admin.%20.%20", noScope),
		get("a parameter behind a dot", "/v1/admin.;x", noScope),
		get("nothing but a parameter", "/v1/;/admin", refused),
		get("nothing but a blank", "/v1/%20/admin", refused),
		get("three dots", "/v1/.../admin", refused),
		get("two dots and a blank", "/public/..%20/v1/admin", refused),
		get("a dot, a blank, a dot", "/public/.%20./v1/admin", "400 ambiguous_path | GET /public/.%20./v1/admin HTTP/1.1"),
		get("dots behind an escape of an escape", "/public/%25%32%65./v1/admin", "400 ambiguous_path"),
		get("a slash in three bytes", "/public%e0%80%af..%e0%80%afv1/admin", "400 ambiguous_path"),
		get("a surrogate", "/v1/%ed%a0%81%ed%b0%80", "400 ambiguous_path"),
		get("more than Unicode has", "/v1/%f4%90%80%80", "400 ambiguous_path"),
		get("an escape", "/v1/admin%1b", "400 ambiguous_path"),
		get("a line end as bytes of a log", "/v1/x%0aGET%20/public", "400 ambiguous_path"),
		get("a backslash behind two dots", "/public/..%5cv1%5cadmin", "400 ambiguous_path"),
		get("a wildcard's value with a slash", "/v1/a/x%2fy/b", "400 ambiguous_path"),
		get("a wildcard's value with a parameter", "/v1/a/;x/b", refused),
		get("a wildcard's value in capitals around it", "/V1/A/x/B", noScope),
		get("a wildcard left out", "/v1/a//b", "400 ambiguous_path"),
		get("an encoded fragment behind a path", "/v1/admin%23x", "400 ambiguous_path"),
		get("a query's mark, encoded", "/v1/admin%3fx=1", "400 ambiguous_path"),
		get("a loose route left by a dot segment", "/objects/x%2f..%2f..%2fv1%2fadmin", "400 ambiguous_path"),
		get("a loose route left by one with a parameter", "/objects/..%3bx%2fv1", "400 ambiguous_path"),
		get("a loose route left by backslashes", "/objects/x%5c..%5c..%5cv1", "400 ambiguous_path"),
		get("a loose route left by escapes of escapes", "/objects/%252e%252e%252fv1%252fadmin", "400 ambiguous_path"),
		get("a loose route left by three layers", "/objects/%25252e%25252e%25252fv1", "400 ambiguous_path"),
		get("a loose route left by a blank", "/objects/..%20%2fv1", "400 ambiguous_path"),
		get("a loose route and a raw dot segment", "/objects/../v1/admin", "400 ambiguous_path"),
		get("a loose route and a NUL", "/objects/a%2f%00", "400 ambiguous_path"),
		get("a loose route and what isn't UTF-8", "/objects/a%2f%ff", "400 ambiguous_path"),
	)
}
