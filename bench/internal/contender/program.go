package contender

// program is how a server is started on a configuration.
type program struct {
	name      string
	processes int // that it runs as
	command   func(p Place, config string) (path string, args []string)
}

var (
	caddy = program{"Caddy", 1, func(p Place, config string) (string, []string) {
		return p.Binary, []string{"run", "--config", config, "--adapter", "caddyfile"}
	}}
	// sparing is Caddy that collects garbage less often.
	sparing = program{caddy.name, 1, func(p Place, config string) (string, []string) {
		path, args := caddy.command(p, config)
		return "env", append([]string{Collect, path}, args...)
	}}
	nginx = program{"nginx", 3, func(p Place, config string) (string, []string) {
		return "nginx", []string{"-p", p.Dir, "-e", "stderr", "-c", p.Dir + "/" + config}
	}}
	haproxy = program{"HAProxy", 1, func(_ Place, config string) (string, []string) {
		return "haproxy", []string{"-db", "-f", config}
	}}
)
