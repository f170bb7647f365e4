package postgres

import (
	"fmt"
	"hash/maphash"
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, dsn string) *Config {
	t.Helper()
	c, err := ParseDSN(dsn)
	must(t, err)
	return c
}

func TestAConnectionStringIsReadAsLibpqReadsIt(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://ann:hush@db:6543/keys?sslmode=verify-full":      "ann@db:6543/keys",
		"postgresql://ann@db/keys":                                  "ann@db:5432/keys",
		"host=db port=6543 user=ann password=hush dbname=keys":      "ann@db:6543/keys",
		"host=db1,db2 port=1,2 user=ann dbname=keys sslmode=prefer": "ann@db1:1,db2:2/keys",
		"postgres://ann@[::1]:6543/keys":                            "ann@[::1]:6543/keys",
		"host=/run/postgresql user=ann dbname=keys":                 "ann@/run/postgresql:5432/keys",
	} {
		if got := parse(t, dsn).String(); got != want {
			t.Errorf("%s: got %s, want %s", dsn, got, want)
		}
	}
	c := parse(t, "postgres://ann@db/keys?pool_max_conns=7&connect_timeout=9&application_name=ours&sslmode=require")
	if to := c.pool.ConnConfig; c.pool.MaxConns != 7 || to.ConnectTimeout != 9*time.Second || to.RuntimeParams["application_name"] != "ours" || to.TLSConfig == nil {
		t.Errorf("got %+v", c.pool)
	}
}

func TestAServerThatIsSilentIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	if to := parse(t, "postgres://ann@db/keys").pool.ConnConfig; to.ConnectTimeout != connectTimeout {
		t.Errorf("got %v", to.ConnectTimeout)
	}
}

func TestOfSeveralServersTheOneThatCanCommitIsMeant(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]bool{
		"host=db1,db2 user=ann":                                true,
		"host=db1 user=ann sslmode=prefer":                     false,
		"host=db1 user=ann target_session_attrs=primary":       true,
		"host=db1,db2 user=ann target_session_attrs=standby":   true,
		"postgres://ann@db1:5432,db2:5432/keys?sslmode=prefer": true,
	} {
		if got := parse(t, dsn).pool.ConnConfig.ValidateConnect != nil; got != want {
			t.Errorf("%s: a server is looked at before it is used: %v, want %v", dsn, got, want)
		}
	}
}

func TestAPasswordIsInNothingThatIsPrinted(t *testing.T) {
	t.Parallel()
	const hush = "hush-3kd9"
	for _, dsn := range []string{
		"postgres://ann:" + hush + "@db:port/keys", "postgres://ann:%zz" + hush + "@db/keys", "postgres:/ann:" + hush + "@db",
		"postgres://ann:" + hush + "@db/keys?sslmode=loud", "password=" + hush + " host",
		"password='" + hush, "postgres://ann:" + hush + "@db/keys?sslrootcert=/nowhere/ca.pem&sslmode=verify-full", hush, "://" + hush,
	} {
		_, err := ParseDSN(dsn)
		if err == nil || strings.Contains(err.Error(), hush) {
			t.Errorf("%s: got %v", dsn, err)
		}
	}
	c := parse(t, "postgres://ann:"+hush+"@127.0.0.1:9/keys")
	s := open(t, c.pool.ConnString())
	_, err := find(t.Context(), s, "key_a")
	odd := parse(t, "postgres://ann:a#"+hush+"@db/keys")
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v", c, c), odd.String(), err.Error(), fmt.Sprint(s.Migrate(t.Context()))} {
		if strings.Contains(text, hush) {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestAServerThatCanNotBeReachedIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://ann@127.0.0.1:9/keys", "host=127.0.0.1,127.0.0.2 port=9,9 user=ann dbname=keys"} {
		s := open(t, dsn)
		_, looked := find(t.Context(), s, "key_a")
		_, confirmed := s.Confirm(t.Context())
		for _, err := range []error{looked, confirmed, s.Migrate(t.Context())} {
			if err == nil || strings.ContainsAny(err.Error(), "\n\t") {
				t.Errorf("got %v", err)
			}
		}
		if said := s.Migrate(t.Context()).Error(); !strings.HasPrefix(said, "the database ann@127.0.0.1:9") || !strings.Contains(said, ": nobody answers: failed to connect") {
			t.Errorf("got %s", said)
		}
	}
}

func TestAnotherPasswordMakesAnotherFingerprint(t *testing.T) {
	t.Parallel()
	seed := maphash.MakeSeed()
	one, two := parse(t, "postgres://ann:one@db/keys"), parse(t, "postgres://ann:two@db/keys")
	if one.String() != two.String() || one.Fingerprint(seed) == two.Fingerprint(seed) {
		t.Error("they can't be told apart, or not be taken for one database")
	}
	if again := parse(t, "postgres://ann:one@db/keys"); again.Fingerprint(seed) != one.Fingerprint(seed) {
		t.Error("the same string has another fingerprint")
	}
}

// Numbers are given in order, or as they stand; what is in quotes stays.
func TestParametersAreNumbered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a = ? AND b = ?":        "a = $1 AND b = $2",
		"a = ?2 AND b = ?1":      "a = $2 AND b = $1",
		"a = '?' AND b = ?":      "a = '?' AND b = $1",
		`"?" = ? OR 'it''s ?'=?`: `"?" = $1 OR 'it''s ?'=$2`,
		"?12 ?":                  "$12 $1",
		"'?":                     "'?",
		"":                       "",
	} {
		if got := number(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// Outside of quotes no question mark is left, and nothing else is changed.
func FuzzParameters(f *testing.F) {
	f.Add("a = ?1 AND 'b?' = ?")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "$") {
			return
		}
		written := number(text)
		if !strings.ContainsAny(text, `'"`) && strings.Contains(written, "?") {
			t.Errorf("%q: %q", text, written)
		}
		strip := strings.NewReplacer("?", "", "$", "", "0", "", "1", "", "2", "", "3", "", "4", "", "5", "", "6", "", "7", "", "8", "", "9", "")
		if strip.Replace(written) != strip.Replace(text) {
			t.Errorf("%q: %q", text, written)
		}
	})
}

func TestAStringThatCanNotBeReadNamesThePartThatIsWrong(t *testing.T) {
	t.Parallel()
	for dsn, says := range map[string]string{
		"postgresq://ann:x@db/keys":             "a URL begins with postgres://",
		"postgres://ann:x@db/keys?sslmode=off":  "sslmode is disable, allow,",
		"host=db user=ann sslmode=off":          "sslmode is disable, allow,",
		"postgres://ann:half%zz@db/keys":        "percent-encode",
		"postgres://ann:with/slash@db:5/keys":   "percent-encode",
		"postgres://ann:x@db/keys?sslmode=%20x": "sslmode is disable, allow,",
	} {
		if _, err := ParseDSN(dsn); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", dsn, err, says)
		}
	}
}
