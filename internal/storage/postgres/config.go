package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// connectTimeout and pingTimeout hold where the connection string says
	// nothing: a server that takes a connection and is silent is no server.
	connectTimeout = 3 * time.Second
	pingTimeout    = time.Second
	// pulseConns are for what a node says and asks several times a second: it
	// must not wait for those who read keys.
	pulseConns = 2
	program    = "keystile"
)

// Config says where a database is, and how it is reached.
type Config struct {
	pool *pgxpool.Config
}

// ParseDSN reads a connection string as pgx does: a URL, or keywords, with
// what the variables of the environment (PGHOST and so on), the password file
// and the service file add. The error holds nothing of a string that can't be
// read, since it isn't known where the password is in there.
func ParseDSN(dsn string) (*Config, error) {
	pool, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, explain(dsn, err)
	}
	c := &Config{pool: pool}
	to := pool.ConnConfig
	if to.ConnectTimeout == 0 {
		to.ConnectTimeout = connectTimeout
	}
	if pool.PingTimeout == 0 {
		pool.PingTimeout = pingTimeout
	}
	if _, named := to.RuntimeParams["application_name"]; !named {
		to.RuntimeParams["application_name"] = program
	}
	// Of several servers, the one that can commit is meant.
	if to.ValidateConnect == nil && len(c.hosts()) > 1 {
		to.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	pool.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		// The pool makes connections for itself, without anybody's deadline.
		ctx, cancel := context.WithTimeout(ctx, to.ConnectTimeout)
		defer cancel()
		return promise(ctx, conn)
	}
	return c, nil
}

var errDSN = errors.New("the connection string can't be read: it is a URL (postgres://user:password@host:5432/database?sslmode=verify-full) " +
	"or keywords (host=… user=… password=… dbname=…), with the settings that libpq knows")

// explain says no more than is surely no part of a password.
func explain(dsn string, err error) error {
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		return fmt.Errorf("a file that the connection string names can't be read: %w", file)
	}
	if hint := hintAt(dsn, err.Error()); hint != "" {
		return fmt.Errorf("%w; %s", errDSN, hint)
	}
	return errDSN
}

// hintAt names the part of a connection string that can't be read, where that
// is known; what the part says stays unsaid.
func hintAt(dsn, said string) string {
	scheme, _, isURL := strings.Cut(dsn, "://")
	switch {
	case isURL && scheme != "postgres" && scheme != "postgresql":
		return "a URL begins with postgres://"
	case strings.HasSuffix(said, "(sslmode is invalid)"):
		return "sslmode is disable, allow, prefer, require, verify-ca or verify-full"
	case isURL:
		return "percent-encode what is special in the password of a URL, such as %2F for /"
	}
	return ""
}

// hosts lists each server once, in the order in which they are tried. The same
// one may be there with and without TLS.
func (c *Config) hosts() []string {
	to := c.pool.ConnConfig
	all := []string{address(to.Host, to.Port)}
	for _, other := range to.Fallbacks {
		if one := address(other.Host, other.Port); !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

func address(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// String names the database, for people: user, servers and database, without
// the password.
func (c *Config) String() string {
	return c.pool.ConnConfig.User + "@" + strings.Join(c.hosts(), ",") + "/" + c.pool.ConnConfig.Database
}

// Place tells databases apart, and schemas of one. The same one may have several
// places, by its users and addresses.
func (c *Config) Place() string {
	to := c.pool.ConnConfig.RuntimeParams
	return c.String() + "?search_path=" + to["search_path"] + "&options=" + to["options"]
}

// Fingerprint tells connection strings apart, passwords included. It says
// nothing to whoever doesn't have the seed.
func (c *Config) Fingerprint(seed maphash.Seed) uint64 {
	return maphash.String(seed, c.pool.ConnString()+"\x00"+c.pool.ConnConfig.Password)
}
