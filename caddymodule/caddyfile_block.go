package caddymodule

import (
	"errors"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// option is one row of a table: how it is written, what it is for, and how it
// is read into a T. Reading, error messages and the documentation use the row.
type option[T any] struct {
	name string
	// usage is what stands behind the name: WORD for an argument, [WORD] where
	// it may be left out, … for any number more, a final { … } for a block.
	usage string
	help  string // one sentence
	// repeats says that the option may stand more than once.
	repeats bool
	read    func(b block[T], args []string) error
}

// options is a table: all that may stand in one kind of block.
type options[T any] []option[T]

// errUsage is what a row's read returns for arguments that don't fit its usage.
var errUsage = errors.New("wrong arguments")

// block is a run of tokens that is read into a T.
type block[T any] struct {
	*caddyfile.Dispenser
	to    T
	path  string          // of T within the JSON, such as routes/3
	start caddyfile.Token // the first token: an option's name
	marks marks
}

// newBlock begins at the name that d stands on.
func newBlock[T any](d *caddyfile.Dispenser, to T) block[T] {
	b := block[T]{Dispenser: d, to: to, start: d.Token(), marks: marks{}}
	b.mark()
	return b
}

// within is a block inside an option's block, whose T is a part of the outer
// one, at a path.
func within[T, U any](b block[T], to U, path ...string) block[U] {
	b.mark(path...)
	return block[U]{Dispenser: b.Dispenser, to: to, path: b.pathTo(path), start: b.start, marks: b.marks}
}

func (b block[T]) pathTo(path []string) string {
	if b.path != "" {
		path = append([]string{b.path}, path...)
	}
	return strings.Join(path, "/")
}

// mark remembers that this option has set what is at a path of T, for what
// validation may find there.
func (b block[T]) mark(path ...string) { b.marks[b.pathTo(path)] = b.start }

// readAll reads a directive that takes no arguments and maybe a block, down to
// its end.
func (o options[T]) readAll(b block[T]) error {
	if b.NextArg() {
		return b.Errf("%s takes no argument %q", b.start.Text, b.Val())
	}
	return o.readBlock(b)
}

// readBlock reads the block that follows, if one does, and refuses whatever
// stands behind it.
func (o options[T]) readBlock(b block[T]) error {
	seen := map[string]bool{}
	for nesting := b.Nesting(); b.NextBlock(nesting); {
		line := b
		line.start = b.Token()
		line.Dispenser = caddyfile.NewDispenser(b.NextSegment())
		line.Next()
		if err := o.readOne(line, seen); err != nil {
			return err
		}
	}
	if b.Next() {
		return b.Errf("%s: unexpected %q", b.start.Text, b.Val())
	}
	return nil
}

func (o options[T]) readOne(line block[T], seen map[string]bool) error {
	row, known := o.row(line.Val())
	switch {
	case !known:
		return line.Err(o.strange(line.Val()))
	case seen[row.name] && !row.repeats:
		return line.Errf("%s is given twice", row.name)
	}
	seen[row.name] = true

	args := line.RemainingArgs()
	if !takes(row.usage, len(args)) {
		return line.wrong(row)
	}
	switch err := row.read(line, args); {
	case errors.Is(err, errUsage):
		return line.wrong(row)
	case err != nil:
		return err
	}
	if line.Next() {
		return line.Errf("%s takes no block", row.name)
	}
	return nil
}

func (b block[T]) wrong(row option[T]) error {
	return b.Errf("wrong arguments of %s; it is written: %s (%s)", row.name, row.syntax(), strings.TrimSuffix(row.help, "."))
}

func (o options[T]) row(name string) (option[T], bool) {
	for _, row := range o {
		if row.name == name {
			return row, true
		}
	}
	return option[T]{}, false
}

func (o options[T]) names() string {
	if len(o) == 0 {
		return "none"
	}
	return strings.Join(o.list(), ", ")
}

func (o options[T]) list() []string {
	names := make([]string, len(o))
	for i, row := range o {
		names[i] = row.name
	}
	return names
}

// syntax is the whole line as it is written.
func (row option[T]) syntax() string { return strings.TrimSpace(row.name + " " + row.usage) }

// takes reports whether a usage line has room for n arguments.
func takes(usage string, n int) bool {
	usage, _, _ = strings.Cut(usage, "{")
	var needed, more int
	optional := false
	for _, word := range strings.Fields(usage) {
		optional = optional || strings.HasPrefix(word, "[")
		if optional {
			more++
		} else {
			needed++
		}
		optional = optional && !strings.HasSuffix(word, "]")
	}
	return n >= needed && (n <= needed+more || strings.Contains(usage, "…"))
}
