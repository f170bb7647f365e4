package sqlcore

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table is one whose rows can be copied into another store as they are.
type Table struct {
	Name    string
	columns []column
	keys    int // how many columns, from the first, are the primary key
	// numbered: the database gives the rows their key.
	numbered bool
	// kept: what is in it can't be changed or deleted.
	kept bool
}

// column is one of a Table, and what it holds.
type column struct {
	name string
	read func() (dest any, value func() any)
}

func holds[T any](names ...string) []column {
	all := make([]column, len(names))
	for i, name := range names {
		all[i] = column{name, func() (any, func() any) {
			dest := new(T)
			return dest, func() any { return *dest }
		}}
	}
	return all
}

// of joins columns that hold different things.
func of(parts ...[]column) (all []column) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// Tables are all that a user would miss, in the order in which they are copied:
// what follows from a row by itself, in one database or both, is copied after
// it. The log of changes and the nodes are not among them: another store has
// its own.
var Tables = []*Table{
	{Name: "workspaces", keys: 1, columns: of(holds[string]("name", "plan"), holds[int64]("created_at"))},
	{Name: "projects", keys: 1, columns: of(holds[string]("name", "workspace"), holds[int64]("created_at"))},
	{Name: "profiles", keys: 2, columns: of(holds[string]("workspace", "name"), holds[int64]("created_at"))},
	{Name: "schemes", keys: 1, numbered: true, columns: of(holds[int64]("seq"), holds[string]("id", "algorithm"), holds[[]byte]("key"))},
	{Name: "keys", keys: 1, columns: of(holds[string]("id"), holds[[]byte]("digest"),
		holds[string]("pepper", "name", "description", "hint", "status", "kind", "environment", "scopes", "workspace", "project", "owner", "created_by"),
		holds[int64]("created_at"), holds[number]("expires_at"),
		holds[string]("profile", "plan", "allowed_ips", "metadata", "replaces", "replaced_by", "lineage", "search"))},
	{Name: "tokens", keys: 1, columns: of(holds[string]("id"), holds[[]byte]("digest"),
		holds[string]("pepper", "name", "hint", "workspace", "created_by"), holds[int64]("created_at"), holds[number]("expires_at"))},
	{Name: "audit", keys: 1, numbered: true, kept: true, columns: of(holds[int64]("seq"), holds[string]("id"), holds[int64]("time"),
		holds[string]("workspace", "project", "actor", "action", "key_id", "target", "changes", "reason", "client"))},
	{Name: "creations", keys: 2, columns: of(holds[string]("caller"), holds[[]byte]("key"), holds[string]("operation"),
		holds[[]byte]("request"), holds[string]("made"), holds[int64]("time"))},
	{Name: "usage_owners", keys: 1, columns: holds[string]("key_id", "lineage", "workspace", "environment", "project")},
	{Name: "usage_cells", keys: 5, columns: of(holds[string]("key_id"), holds[int64]("hour"), holds[string]("endpoint", "project", "outcome"),
		holds[bool]("denied"), holds[int64]("count", "cost", "last"))},
	{Name: "usage_totals", keys: 1, columns: of(holds[string]("key_id"), holds[int64]("calls", "last_used"))},
	{Name: "workspace_usage", keys: 3, columns: of(holds[string]("workspace", "environment"), holds[int64]("hour", "cost"))},
	{Name: "usage_incarnations", keys: 1, columns: of(holds[string]("incarnation"), holds[int64]("sequence", "updated"))},
	{Name: "activity", keys: 1, numbered: true, columns: of(holds[int64]("seq"), holds[string]("key_id"), holds[int64]("time"),
		holds[string]("method", "endpoint"), holds[int64]("status"), holds[string]("denied", "client"), holds[int64]("missed"))},
	{Name: "denials", keys: 1, numbered: true, columns: of(holds[int64]("seq"), holds[string]("request", "key_id"), holds[int64]("time"),
		holds[string]("gate", "method", "endpoint", "path", "project", "code", "client"))},
}

// names lists columns, joined.
func names(columns []column) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.name
	}
	return strings.Join(all, ", ")
}

// Row is a row of a Table.
type Row struct {
	values []any
	text   []byte
}

// Canonical is the row in the form that is the same in every database: of each
// column its length and its value, of none another length.
func (r *Row) Canonical() []byte { return r.text }

func (t *Table) scan(row Scan) (Row, error) {
	dest, values := make([]any, len(t.columns)), make([]func() any, len(t.columns))
	for i, c := range t.columns {
		dest[i], values[i] = c.read()
	}
	if err := row(dest...); err != nil {
		return Row{}, fmt.Errorf("a row of %s: %w", t.Name, err)
	}
	r := Row{values: make([]any, len(values))}
	for i, value := range values {
		r.values[i] = value()
		r.text = appendCanonical(r.text, r.values[i])
	}
	return r, nil
}

func appendCanonical(text []byte, value any) []byte {
	var part []byte
	switch v := value.(type) {
	case string:
		part = []byte(everywhere(v))
	case []byte:
		part = v
	case int64:
		part = binary.BigEndian.AppendUint64(nil, uint64(v))
	case bool:
		part = []byte{0}
		if v {
			part[0] = 1
		}
	case number:
		if !v.Valid {
			return binary.AppendVarint(text, -1)
		}
		return appendCanonical(text, v.V)
	default:
		panic(fmt.Sprintf("no column holds %T", value))
	}
	return append(binary.AppendVarint(text, int64(len(part))), part...)
}

// everywhere is a text as every database can hold it: PostgreSQL's have no NUL,
// and are UTF-8. It marks what isn't so when it writes.
func everywhere(text string) string {
	const mark = string(utf8.RuneError)
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", mark), mark)
}

// argument is a value as a statement takes it.
func argument(value any) any {
	switch v := value.(type) {
	case number:
		if !v.Valid {
			return nil
		}
		return v.V
	case []byte:
		if v == nil {
			return []byte{} // no column of bytes is NULL
		}
	}
	return value
}
