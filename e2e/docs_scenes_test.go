package e2e

import (
	"os"
	"path/filepath"
	"strings"
)

// docGate is a configuration as pages assume it where they don't show one.
const docGate = `{
	log {
		format keystile
	}
	keystile {
		store STORE
		max_staleness 1s
		scope read:projects "Read project data"
		scope write:projects "Create and update projects"
		plan pro {
			rate_limit live 600/m burst 100
		}
		rate_limit live 1/m burst 3
	}
}

api.example.com {
	keystile {
		route GET /v1/projects read:projects
		route POST /v1/projects write:projects
	}
	reverse_proxy localhost:9000
}

admin.example.com {
	keystile_admin
}
`

// do runs a command that no page shows; it has to work.
func (p *docPlace) do(command string) (shown string) {
	p.t.Helper()
	meant, err := p.meant(command)
	must(p.t, err)
	if docStays.MatchString(meant) {
		shown, err = p.serve(meant)
		must(p.t, err)
		return shown
	}
	shown, status := p.shell(meant)
	if status != 0 {
		p.t.Fatalf("%s ends with status %d:\n%s", command, status, shown)
	}
	p.learn(shown)
	return shown
}

// gate starts docGate on a store, and makes a token and a key. Commands find it
// in /etc/keystile and in the reader's folder.
func (p *docPlace) gate(store string) {
	p.t.Helper()
	for _, file := range []string{"/etc/keystile/Caddyfile", "Caddyfile"} {
		p.write(file, strings.ReplaceAll(docGate, "STORE", store))
	}
	must(p.t, os.MkdirAll(filepath.Join(p.dir, "var/lib/keystile"), 0o700))
	p.do("keystile run --config /etc/keystile/Caddyfile")
	p.do("keystile tokens create operator --all-workspaces")
	p.do(`keystile keys create "Nightly export" --scopes read:projects`)
}

func withDeskAndKey(p *docPlace) { p.gate("sqlite /var/lib/keystile/keys.db") }

// withAdminSite adds the management API to the configuration that the page has
// shown, and a token for it; the reader's folder is one of git's.
func withAdminSite(p *docPlace) {
	file := filepath.Join(p.dir, "Caddyfile")
	text, err := os.ReadFile(file)
	must(p.t, err)
	p.write("Caddyfile", string(text)+"\nadmin.example.com {\n\tkeystile_admin\n}\n")
	p.do("keystile reload")
	p.do("keystile tokens create operator")
	p.do("git init --quiet && git add Caddyfile && git -c user.name=a -c user.email=a@example.com commit --quiet -m one")
}

func withForeignKeys(p *docPlace) {
	p.gate("sqlite /var/lib/keystile/keys.db")
	p.do("keystile keys delete key_… --yes")
}

func withDroppedPepper(p *docPlace) {
	const line = "sqlite /var/lib/keystile/keys.db\npepper "
	p.gate(line + "one-that-is-long-enough")
	p.halt()
	p.write("Caddyfile", strings.ReplaceAll(docGate, "STORE", line+"another-that-is-long-enough"))
}

// withOldTable is what the middleware of somebody's own has.
func withOldTable(p *docPlace) {
	p.do(`sqlite3 old.db "CREATE TABLE api_keys (name TEXT, customer TEXT, key_sha256 TEXT); INSERT INTO api_keys VALUES
		('Ann''s system', 'ann', '9e408c6ace8ed4fcdcb73c292b300b8f95bb0fb9ae7218b2a99b39d3d217af31'),
		('Bob''s system', 'bob', '51a74a060a5547911f6abf844fcc3544ac7497578048117140b95ad76a8198b7')"`)
}

// withOldGate is the gate of docs/drop-in.md, where another way to it begins.
func withOldGate(p *docPlace) {
	p.halt()
	p.write("Caddyfile", "{\n\tkeystile {\n\t\tstore sqlite ./"+filepath.Base(p.t.TempDir())+".db\n\t\taccept_prefix live sk-old- unchecked\n\t\tscope read:projects \"Read\"\n\t}\n}\n\n:80 {\n\tkeystile\n}\n")
}

func withExamples(p *docPlace) {
	must(p.t, os.CopyFS(p.dir, os.DirFS("../examples")))
}

// runningPage is about a machine's own folders; what it does there is done
// below the reader's.
var runningPage = docPage{
	place: func(p *docPlace) {
		must(p.t, os.CopyFS(filepath.Join(p.dir, "deploy"), os.DirFS("../deploy")))
		for _, dir := range []string{"bin", "usr/local/bin", "etc/systemd/system", "var/lib/keystile"} {
			must(p.t, os.MkdirAll(filepath.Join(p.dir, dir), 0o755))
		}
		must(p.t, os.Symlink(ownBinary(p.t), filepath.Join(p.dir, "bin/keystile")))
		p.write("keystile_0.1.0_linux_amd64.tar.gz", "")
		p.do("sha256sum *.tar.gz > checksums.txt")
	},
	says: []string{
		" -g keystile", "", "/usr/local/bin", "$DIR/usr/local/bin", "/etc/systemd/system", "$DIR/etc/systemd/system",
		"sudo -u keystile ", "", // whoever runs the test
	},
	unrun: []unrun{
		{"useradd ", "it takes root, and changes the machine"},
		{"systemctl daemon-reload", "it takes root and systemd"},
		{"docker ", "it takes a container engine"},
	},
}
