package sqlcore

import (
	"crypto/sha256"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/storage"
)

var oddCells = []storage.UsageCell{
	{KeyID: "key_a", Hour: FromMicros(3_600_000_000), Endpoint: "GET /v1/x", Project: "p1", Outcome: "2xx", Count: 7, Cost: 9, Last: FromMicros(3_600_000_001)},
	{KeyID: "key_a", Endpoint: "GET /v1/x", Outcome: "rate_limited", Denied: true, Count: math.MaxInt64, Cost: math.MinInt64},
	{KeyID: "(stranger)", Hour: time.Unix(-3600, 0).UTC(), Endpoint: "nul \x00 byte", Project: "no \xff text", Outcome: "", Count: -1},
	{},
}

func TestABatchComesOutAsItWentIn(t *testing.T) {
	t.Parallel()
	for n := range len(oddCells) + 1 {
		packed, err := pack(oddCells[:n])
		if err != nil {
			t.Fatal(err)
		}
		got, err := unpack(packed)
		if diff := cmp.Diff(oddCells[:n], got); err != nil || diff != "" {
			t.Errorf("%d cells (-want +got): %v\n%s", n, err, diff)
		}
	}
}

// FuzzUnpack: what can be unpacked can be packed, and is the same.
func FuzzUnpack(f *testing.F) {
	for n := range len(oddCells) + 1 {
		packed, err := pack(oddCells[:n])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > sha256.Size { // else hardly anything gets past the checksum
			sum := sha256.Sum256(data[sha256.Size:])
			copy(data, sum[:])
		}
		cells, err := unpack(data)
		if err != nil {
			if cells != nil {
				t.Errorf("%d cells beside %v", len(cells), err)
			}
			return
		}
		packed, err := pack(cells)
		if err != nil {
			t.Fatal(err)
		}
		again, err := unpack(packed)
		if diff := cmp.Diff(cells, again); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestColumnsThatDoNotFitTogetherAreDamage(t *testing.T) {
	t.Parallel()
	whole := func() *packed {
		return &packed{
			Names: []string{"x"}, Keys: []string{"key_a"}, Hours: []int64{1}, Lasts: []int64{1}, Denied: []bool{false}, Counts: []int64{1}, Costs: []int64{1},
			Endpoints: []uint32{0}, Projects: []uint32{0}, Outcomes: []uint32{0},
		}
	}
	for what, damage := range map[string]func(*packed){
		"nothing": func(*packed) {}, "no name": func(p *packed) { p.Names = nil }, "no key": func(p *packed) { p.Keys = nil },
		"no hour": func(p *packed) { p.Hours = nil }, "no last": func(p *packed) { p.Lasts = nil }, "no denied": func(p *packed) { p.Denied = nil },
		"two counts": func(p *packed) { p.Counts = []int64{1, 2} }, "no cost": func(p *packed) { p.Costs = nil },
		"an endpoint without a name": func(p *packed) { p.Endpoints[0] = 1 }, "no project": func(p *packed) { p.Projects = nil },
		"an outcome without a name": func(p *packed) { p.Outcomes[0] = math.MaxUint32 },
	} {
		p := whole()
		damage(p)
		data, err := seal(p)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := unpack(data)
		if (err == nil) != (what == "nothing") || (err != nil) != (cells == nil) {
			t.Errorf("%s: %v, %v", what, cells, err)
		}
	}
}

func TestABatchThatWasAlteredIsNotRead(t *testing.T) {
	t.Parallel()
	whole, err := pack(oddCells)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		altered := slices.Clone(whole)
		altered[i] ^= 1
		if cells, err := unpack(altered); err == nil || cells != nil {
			t.Fatalf("byte %d was altered, and %d cells are read (%v)", i, len(cells), err)
		}
		if cells, err := unpack(whole[:i]); err == nil || cells != nil {
			t.Fatalf("cut off at byte %d, and %d cells are read (%v)", i, len(cells), err)
		}
	}
}

func TestMergedCellsAreInTheOrderOfTheirTable(t *testing.T) {
	t.Parallel()
	var m merged
	for i := range oddCells {
		m.add(oddCells[len(oddCells)-1-i:])
	}
	if got := m.inOrder(); len(got) != len(oddCells) || !slices.IsSortedFunc(got, storage.CompareCells) {
		t.Errorf("got %+v", got)
	}
}
