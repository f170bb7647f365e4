package caddymodule

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// quickstartCaddyfile is the configuration that quickstart serves. It is
// written beside the database, so that the other commands can name it.
func quickstartCaddyfile(data, host, port, adminPort, to string) []byte {
	bind := ""
	if host != "" {
		bind = "\tbind " + host + "\n"
	}
	return fmt.Appendf(nil, `# Written by quickstart at each start: copy it before you change it.
{
	admin off
	persist_config off
	auto_https off
	log {
		format keystile console
		level ERROR
	}
	keystile {
		store sqlite %s
		rate_limit live 20/s burst 50
		rate_limit test 200/s burst 500
	}
}

http://:%s {
%s	keystile
	reverse_proxy %s
}

http://:%s {
	bind 127.0.0.1
	keystile_admin
}
`, strconv.Quote(filepath.Join(data, "keys.db")), port, bind, to, adminPort)
}
