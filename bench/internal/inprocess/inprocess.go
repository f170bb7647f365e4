// Package inprocess runs the benchmarks of Keystile's own packages, for what is
// measured without a socket.
package inprocess

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path"
	"strconv"

	"golang.org/x/perf/benchfmt"
)

// Suite is some benchmarks of one package.
type Suite struct {
	Package string // as `go test` takes it, from the module's root
	Bench   string // a regular expression
	Count   int    // how often each is run
	Time    string // of each run, as -benchtime takes it; empty: as usual
}

// Figures are what benchmarks reported, one number for each run, by the name of
// a benchmark and a unit.
type Figures map[Figure][]float64

// Figure names what was measured, by the last word of the package and that of
// the benchmark: "gateway.Decide", "ns/op".
type Figure struct{ Name, Unit string }

// Run runs a suite in the module's root, and adds what it reports.
func (s Suite) Run(ctx context.Context, root string, to Figures) error {
	args := []string{"test", "-run", "^$", "-bench", s.Bench, "-benchmem", "-timeout", "20m", "-count", strconv.Itoa(s.Count)}
	if s.Time != "" {
		args = append(args, "-benchtime", s.Time)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, s.Package)...) //nolint:gosec // the words are this program's
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("benchmark %s: %w\n%s", s.Package, err, out)
	}
	return Parse(bytes.NewReader(out), to)
}

// Parse reads what `go test -bench` prints. A line that begins as a result does
// and isn't one is an error; all others are passed over.
func Parse(r io.Reader, to Figures) error {
	lines := benchfmt.NewReader(r, "go test")
	for lines.Scan() {
		switch line := lines.Result().(type) {
		case *benchfmt.SyntaxError:
			return fmt.Errorf("read what a benchmark printed: %w", line)
		case *benchfmt.Result:
			for _, v := range line.Values {
				at := Figure{path.Base(line.GetConfig("pkg")) + "." + name(line.Name), unit(v)}
				to[at] = append(to[at], value(v))
			}
		}
	}
	return lines.Err()
}

// name takes the number of processors off.
func name(full benchfmt.Name) string {
	base, parts := full.Parts()
	if n := len(parts); n > 0 && parts[n-1][0] == '-' {
		parts = parts[:n-1]
	}
	return string(base) + string(bytes.Join(parts, nil))
}

// benchfmt turns ns/op into sec/op; the unit as it was printed is what readers
// know.
func unit(v benchfmt.Value) string {
	if v.OrigUnit != "" {
		return v.OrigUnit
	}
	return v.Unit
}

func value(v benchfmt.Value) float64 {
	if v.OrigUnit != "" {
		return v.OrigValue
	}
	return v.Value
}
