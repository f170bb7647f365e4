package inprocess

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const printed = `goos: linux
goarch: amd64
pkg: github.com/keystile/keystile/internal/gateway
cpu: Some Processor
BenchmarkDecide-2             	  624796	       372.5 ns/op	      23 B/op	       0 allocs/op
BenchmarkDecide-2             	  396765	       380.1 ns/op	      37 B/op	       0 allocs/op
BenchmarkDecideOfAMillion/each-2 	  396765	       801 ns/op	       0 B/op	       0 allocs/op
BenchmarkApplyUsage-2   	     160	   7432190 ns/op	   7141249 p50-ns	 1399378 B/op	    8432 allocs/op
PASS
ok  	github.com/keystile/keystile/internal/gateway	1.248s
`

func TestEachRunOfABenchmarkIsReadInTheUnitsThatItPrinted(t *testing.T) {
	t.Parallel()
	got := Figures{}
	if err := Parse(strings.NewReader(printed), got); err != nil {
		t.Fatal(err)
	}
	want := Figures{
		{"gateway.Decide", "ns/op"}: {372.5, 380.1}, {"gateway.Decide", "B/op"}: {23, 37}, {"gateway.Decide", "allocs/op"}: {0, 0},
		{"gateway.DecideOfAMillion/each", "ns/op"}: {801}, {"gateway.DecideOfAMillion/each", "B/op"}: {0}, {"gateway.DecideOfAMillion/each", "allocs/op"}: {0},
		{"gateway.ApplyUsage", "ns/op"}: {7432190}, {"gateway.ApplyUsage", "p50-ns"}: {7141249}, {"gateway.ApplyUsage", "B/op"}: {1399378}, {"gateway.ApplyUsage", "allocs/op"}: {8432},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestALineThatIsCutOffIsAnErrorAndNoFigure(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"BenchmarkDecide-2 624796 372.5", "BenchmarkDecide-2 many 372.5 ns/op", "BenchmarkDecide-2 1 fast ns/op"} {
		got := Figures{}
		if err := Parse(strings.NewReader(line+"\n"), got); err == nil {
			t.Errorf("%q: got %v", line, got)
		}
	}
}
