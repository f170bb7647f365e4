package e2e

import (
	"bytes"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secret tells the rig of a secret, so that the end of the test looks for it
// in everything that the process has written.
func (g *gate) secret(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.secrets = append(g.secrets, text)
}

// checkLeaks looks for the test's secrets in the log and in the database.
func (g *gate) checkLeaks() {
	g.mu.Lock()
	defer g.mu.Unlock()
	var spellings []string
	for _, secret := range g.secrets {
		spellings = append(spellings, secret, "")
		if escaped := url.QueryEscape(secret); escaped != secret {
			spellings = append(spellings, escaped, "")
		}
	}
	if len(spellings) == 0 {
		return
	}
	// A replacer looks for all of them in one pass.
	without := strings.NewReplacer(spellings...)
	places := g.inDatabase()
	places["log"] = g.log()
	for where, text := range places {
		if cleaned := without.Replace(text); len(cleaned) != len(text) {
			g.t.Errorf("a secret stands in %s", where)
		}
	}
}

// inDatabase is all that the database holds: its files, or its tables where it is
// on a server.
func (g *gate) inDatabase() map[string]string {
	g.t.Helper()
	if onServer(g.db) {
		return g.tables()
	}
	held := map[string]string{}
	files, _ := filepath.Glob(g.db + "*") // the pattern is well-formed
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil { // it may go meanwhile
			held[filepath.Base(file)] = string(text)
		}
	}
	return held
}

// tables is the text of each table; of none, where the test has ended its server.
func (g *gate) tables() map[string]string {
	g.t.Helper()
	db, err := openSQL(g.db)
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	held := map[string]string{}
	if db.Ping() != nil {
		return held
	}
	for _, name := range readRows(g.t, db, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") {
		held[name] = strings.Join(readRows(g.t, db, `SELECT * FROM "`+name+`"`), "\n")
	}
	return held
}

// readRows is the text of each row of an answer; bytes are as they are.
func readRows(t testing.TB, db *sql.DB, query string) (text []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	cells, places := make([][]byte, len(columns)), make([]any, len(columns))
	for i := range cells {
		places[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		text = append(text, string(bytes.Join(cells, []byte(" "))))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text
}
