package contender

import (
	"fmt"
	"strings"
)

// nginxConf is a configuration with two workers, since two processors are
// there, that keeps connections on both sides.
func nginxConf(p Place, http, location string) string {
	return fmt.Sprintf(`daemon off;
worker_processes 2;
pid nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
	access_log off;
	keepalive_requests 1000000000;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	upstream api { server 127.0.0.1:%[1]d; keepalive 512; keepalive_requests 1000000000; }
	upstream checker { server 127.0.0.1:%[2]d; keepalive 512; keepalive_requests 1000000000; }
	proxy_http_version 1.1;
	proxy_set_header Connection "";
%[3]s	server {
		listen 127.0.0.1:%[4]d;
%[5]s	}
}
`, p.Upstream, p.Checker, http, p.Port, location)
}

const nginxProxy = "\t\tlocation / { proxy_pass http://api; }\n"

func bareNginx(p Place) ([]file, error) {
	return []file{{"nginx.conf", nginxConf(p, "", nginxProxy)}}, nil
}

// nginxMap looks the credential up in a map, and limits by it.
func nginxMap(p Place) ([]file, error) {
	n := len(p.Keys.Known)
	http := fmt.Sprintf(`	map_hash_max_size %d;
	map_hash_bucket_size 128;
	map $http_authorization $known { default 0; include keys.map; }
	limit_req_zone $http_authorization zone=keys:%dm rate=%dr/s;
	limit_req_status 429;
`, max(2048, 2*n), 1+n/4000, p.Limit.PerSecond)
	location := fmt.Sprintf("\t\tif ($known = 0) { return 401; }\n\t\tlimit_req zone=keys burst=%d nodelay;\n", p.Limit.Burst)
	return []file{
		{"nginx.conf", nginxConf(p, http, location+nginxProxy)},
		{"keys.map", lines(p, "\"Bearer %s\" 1;\n")},
	}, nil
}

func nginxAuthRequest(p Place) ([]file, error) {
	location := "\t\tlocation / { auth_request /check; proxy_pass http://api; }\n" +
		"\t\tlocation = /check { internal; proxy_pass http://checker; proxy_pass_request_body off; proxy_set_header Content-Length \"\"; }\n"
	return []file{{"nginx.conf", nginxConf(p, "", location)}}, nil
}

func haproxyConf(p Place, rules string) string {
	return fmt.Sprintf(`global
	nbthread 2
	maxconn 4000
defaults
	mode http
	timeout connect 5s
	timeout client 60s
	timeout server 60s
	http-reuse always
frontend gate
	bind 127.0.0.1:%d
%s	default_backend api
backend api
	server api 127.0.0.1:%d pool-max-conn 512
`, p.Port, rules, p.Upstream)
}

func bareHAProxy(p Place) ([]file, error) {
	return []file{{"haproxy.cfg", haproxyConf(p, "")}}, nil
}

// haproxyMap looks the credential up in a map file, and counts by it.
func haproxyMap(p Place) ([]file, error) {
	rules := fmt.Sprintf(`	stick-table type string len 64 size %d expire 10m store http_req_rate(1s)
	http-request return status 401 unless { http_auth_bearer,map_str(keys.map) -m found }
	http-request track-sc0 http_auth_bearer
	http-request return status 429 if { sc0_http_req_rate gt %d }
`, max(1000, len(p.Keys.Known)), p.Limit.PerSecond)
	return []file{
		{"haproxy.cfg", haproxyConf(p, rules)},
		{"keys.map", lines(p, "%s 1\n")},
	}, nil
}

// lines writes each known key into a line.
func lines(p Place, format string) string {
	var b strings.Builder
	for _, key := range p.Keys.Known {
		fmt.Fprintf(&b, format, key)
	}
	return b.String()
}
