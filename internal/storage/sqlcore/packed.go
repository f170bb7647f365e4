package sqlcore

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// How the cells of a batch in the journal are packed. Whoever packs them in another
// way takes another number, and leaves alone what it doesn't know.
const (
	damagedFormat = 0 // in none that can be read
	packedFormat  = 1 // SHA-256 of what follows, which is packed as a gob
)

// packed is a batch's cells by columns, which takes a tenth of the time of one
// cell behind the other.
type packed struct {
	Names                         []string // texts that many cells have
	Keys                          []string
	Hours, Lasts                  []int64  // microseconds since 1970
	Endpoints, Projects, Outcomes []uint32 // places in Names
	Denied                        []bool
	Counts, Costs                 []int64
}

var (
	errAltered = errors.New("it isn't what was written")
	errUneven  = errors.New("its columns don't fit together")
)

func pack(cells []storage.UsageCell) ([]byte, error) {
	n := len(cells)
	p := packed{
		Keys: make([]string, n), Hours: make([]int64, n), Lasts: make([]int64, n), Endpoints: make([]uint32, n), Projects: make([]uint32, n),
		Outcomes: make([]uint32, n), Denied: make([]bool, n), Counts: make([]int64, n), Costs: make([]int64, n),
	}
	places := map[string]uint32{}
	place := func(name string) uint32 {
		at, known := places[name]
		if !known {
			at = uint32(len(p.Names))
			places[name], p.Names = at, append(p.Names, name)
		}
		return at
	}
	for i := range cells {
		c := &cells[i]
		p.Keys[i], p.Denied[i], p.Counts[i], p.Costs[i] = string(c.KeyID), c.Denied, c.Count, c.Cost
		p.Hours[i], p.Lasts[i] = Micros(c.Hour), Micros(c.Last)
		p.Endpoints[i], p.Projects[i], p.Outcomes[i] = place(c.Endpoint), place(c.Project), place(c.Outcome)
	}
	return seal(&p)
}

func seal(p *packed) ([]byte, error) {
	var out bytes.Buffer
	out.Write(make([]byte, sha256.Size))
	if err := gob.NewEncoder(&out).Encode(p); err != nil {
		return nil, fmt.Errorf("pack usage: %w", err)
	}
	data := out.Bytes()
	sum := sha256.Sum256(data[sha256.Size:])
	copy(data, sum[:])
	return data, nil
}

// unpack reads what pack made. Of what is damaged, it returns nothing.
func unpack(data []byte) ([]storage.UsageCell, error) {
	if len(data) < sha256.Size || sha256.Sum256(data[sha256.Size:]) != [sha256.Size]byte(data) {
		return nil, errAltered
	}
	var p packed
	if err := gob.NewDecoder(bytes.NewReader(data[sha256.Size:])).Decode(&p); err != nil {
		return nil, fmt.Errorf("unpack usage: %w", err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("unpack usage: %w", err)
	}
	cells := make([]storage.UsageCell, len(p.Keys))
	for i := range cells {
		cells[i] = storage.UsageCell{
			KeyID: keys.ID(p.Keys[i]), Hour: FromMicros(p.Hours[i]),
			Endpoint: p.Names[p.Endpoints[i]], Project: p.Names[p.Projects[i]], Outcome: p.Names[p.Outcomes[i]],
			Denied: p.Denied[i], Count: p.Counts[i], Cost: p.Costs[i], Last: FromMicros(p.Lasts[i]),
		}
	}
	return cells, nil
}

func (p *packed) check() error {
	for _, length := range []int{
		len(p.Hours), len(p.Lasts), len(p.Endpoints), len(p.Projects), len(p.Outcomes), len(p.Denied), len(p.Counts), len(p.Costs),
	} {
		if length != len(p.Keys) {
			return errUneven
		}
	}
	for _, column := range [][]uint32{p.Endpoints, p.Projects, p.Outcomes} {
		for _, at := range column {
			if int(at) >= len(p.Names) {
				return errUneven
			}
		}
	}
	return nil
}
