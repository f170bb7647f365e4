package servertest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// Postgres is a PostgreSQL server with fast and unsafe settings: its data
// survive a kill of its processes, not one of the machine. The user is
// postgres and needs no password.
type Postgres struct {
	dir, bin, port string
	owner          *syscall.Credential
	process        *process
}

// NewPostgres starts a server, with further settings as name=value.
func NewPostgres(settings ...string) (*Postgres, error) {
	p := &Postgres{}
	if err := p.prepare(); err != nil {
		return nil, fmt.Errorf("prepare a PostgreSQL server: %w", err)
	}
	settings = append([]string{
		"listen_addresses=127.0.0.1", "port=" + p.port, "unix_socket_directories=" + p.dir,
		"fsync=off", "full_page_writes=off", "max_connections=200",
	}, settings...)
	for _, setting := range settings {
		if err := p.configure(setting); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	if err := p.Start(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Postgres) prepare() (err error) {
	if p.bin, err = postgresPrograms(); err != nil {
		return err
	}
	if p.owner, err = postgresOwner(); err != nil {
		return err
	}
	if p.port, err = freePort(); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp("", "keystile-postgres-"); err != nil {
		return fmt.Errorf("make its folder: %w", err)
	}
	if err := p.own(p.dir); err != nil {
		return err
	}
	said, err := p.run("initdb", "--pgdata", p.data(), "--username=postgres", "--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C")
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, said)
	}
	return nil
}

// postgresPrograms is the folder of the newest server's programs. Debian keeps
// them by version, off the PATH.
func postgresPrograms() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		initdb, err = filepath.EvalSymlinks(initdb) // the other programs are where it is, and maybe not on the PATH
		return filepath.Dir(initdb), err
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is sound
	if len(found) == 0 {
		return "", errors.New("PostgreSQL's server is missing: on Debian, apt-get install postgresql")
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return versionOf(a) - versionOf(b) })
	return filepath.Dir(newest), nil
}

func versionOf(initdb string) int {
	version, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb)))) // another name is older than any
	return version
}

// postgresOwner is who runs the server: it refuses to be root's.
func postgresOwner() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("find a user for the server: %w", err)
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read a user's number: %w", err)
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read a group's number: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *Postgres) run(program string, args ...string) (string, error) {
	cmd := command(p.dir, p.owner, filepath.Join(p.bin, program), args...)
	said, err := cmd.CombinedOutput()
	return string(bytes.TrimSpace(said)), err
}

// configure adds name=value to the server's configuration.
func (p *Postgres) configure(setting string) error {
	file, err := os.OpenFile(filepath.Join(p.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open its configuration: %w", err)
	}
	name, value, _ := bytes.Cut([]byte(setting), []byte("="))
	_, err = fmt.Fprintf(file, "%s = '%s'\n", name, value)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write its configuration: %w", err)
	}
	return nil
}

// Start starts a server that was stopped, or killed.
func (p *Postgres) Start() (err error) {
	if p.process, err = launch(p.dir, p.owner, filepath.Join(p.bin, "postgres"), "-D", p.data()); err != nil {
		return err
	}
	return p.process.await(func() error {
		said, err := p.run("pg_isready", "--host=127.0.0.1", "--port="+p.port, "--quiet")
		if err != nil {
			return fmt.Errorf("%w %s", err, said)
		}
		return nil
	})
}

// Stop ends the server, with the connections that it has.
func (p *Postgres) Stop() error { return p.process.end(syscall.SIGINT) }

// Kill ends the server as a loss of power to its processes would.
func (p *Postgres) Kill() error { return p.process.end(syscall.SIGQUIT) }

// Address is where it listens, as host:port.
func (p *Postgres) Address() string { return net.JoinHostPort("127.0.0.1", p.port) }

// DSN is the address of a database, as a URL.
func (p *Postgres) DSN(database string) string {
	return "postgres://postgres@" + p.Address() + "/" + database + "?sslmode=disable"
}

// Create makes an empty database.
func (p *Postgres) Create(database string) error {
	if said, err := p.SQL("postgres", `CREATE DATABASE "`+database+`"`); err != nil {
		return fmt.Errorf("create a database: %w\n%s", err, said)
	}
	return nil
}

// SQL runs statements by psql, beside everything that is tested, and answers
// what it prints, without headings.
func (p *Postgres) SQL(database, statements string) (string, error) {
	return p.run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command", statements, p.DSN(database))
}

// Close ends the server and removes its data.
func (p *Postgres) Close() error {
	var ended error
	if p.process != nil {
		ended = p.process.end(syscall.SIGQUIT)
	}
	return errors.Join(ended, os.RemoveAll(p.dir))
}

// Demote makes a server that was stopped a standby of nobody, from its next
// start on: it answers reads, and never commits.
func (p *Postgres) Demote() error {
	if err := os.WriteFile(filepath.Join(p.data(), "standby.signal"), nil, 0o600); err != nil {
		return fmt.Errorf("make it a standby: %w", err)
	}
	return p.own(filepath.Join(p.data(), "standby.signal"))
}

// Secure has the server speak TLS where it is asked to, and returns the file of
// the authority that vouches for it.
func (p *Postgres) Secure() (authority string, err error) {
	cert, key, err := Certificate(p.data())
	if err != nil {
		return "", err
	}
	if err := errors.Join(p.own(cert), p.own(key), p.configure("ssl=on")); err != nil {
		return "", err
	}
	if said, err := p.SQL("postgres", `SELECT pg_reload_conf()`); err != nil {
		return "", fmt.Errorf("have it read its configuration: %w\n%s", err, said)
	}
	return cert, nil
}

// own gives a file to whoever runs the server.
func (p *Postgres) own(name string) error {
	if p.owner == nil {
		return nil
	}
	if err := os.Chown(name, int(p.owner.Uid), int(p.owner.Gid)); err != nil {
		return fmt.Errorf("give %s away: %w", filepath.Base(name), err)
	}
	return nil
}
