package e2e

import (
	"fmt"
	"net/http"
	"testing"
)

func TestCaddyAsksAsItsPageSays(t *testing.T) {
	t.Parallel()
	n := setupNeighbour(t, "caddy.md", func(n *neighbour, snippets map[string]string) {
		site := n.fill(snippets["caddyfile2"], append(n.addresses(), "http://:8080", "http://:"+portOf(n.front.addr))...)
		file := n.file("Caddyfile", "{\n\tadmin off\n\tpersist_config off\n}\n"+site)
		n.run("env", "HOME="+n.dir, "XDG_DATA_HOME="+n.dir, "XDG_CONFIG_HOME="+n.dir, n.program.path, "run", "--config", file, "--adapter", "caddyfile")
	})
	wantNeighbour(t, n, manners{away: http.StatusBadGateway, saysLimits: true})
}

func TestNginxAsksAsItsPageSays(t *testing.T) {
	t.Parallel()
	n := setupNeighbour(t, "nginx.md", func(n *neighbour, snippets map[string]string) {
		servers := n.fill(snippets["nginx"], append(n.addresses(), "listen 8080;", "listen "+n.front.addr+";")...)
		file := n.file("nginx.conf", nginxConfig(n.dir, servers))
		n.run("nginx", "-p", n.dir, "-e", "stderr", "-c", file)
	})
	wantNeighbour(t, n, manners{away: http.StatusInternalServerError, saysLimits: true})
}

// nginxConfig is a whole configuration of an nginx that writes into one folder
// only.
func nginxConfig(dir, servers string) string {
	return fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
%[2]s
}
`, dir, servers)
}

func TestHAProxyAsksAsItsPageSays(t *testing.T) {
	t.Parallel()
	n := setupNeighbour(t, "haproxy.md", func(n *neighbour, snippets map[string]string) {
		script := n.file("keystile.lua", n.fill(snippets["lua"], n.addresses()[:2]...))
		file := n.file("haproxy.cfg", n.fill(snippets["haproxy"], append(n.addresses()[2:],
			"bind :8080", "bind "+n.front.addr, "/etc/haproxy/keystile.lua", script)...))
		n.run("haproxy", "-db", "-f", file)
	})
	wantNeighbour(t, n, manners{away: http.StatusServiceUnavailable, saysLimits: true})
}

func TestTraefikAsksAsItsPageSays(t *testing.T) {
	t.Parallel()
	n := setupNeighbour(t, "traefik.md", func(n *neighbour, snippets map[string]string) {
		n.forwardAuth(n.fill(snippets["toml"], n.addresses()...))
	})
	wantNeighbour(t, n, manners{away: http.StatusInternalServerError})
}
