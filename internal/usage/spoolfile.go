package usage

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// errCorrupt says that a file holds no batch: it was cut off, changed, or is
// something else altogether.
var errCorrupt = errors.New("not a whole spool file of usage")

// A spool file is one line, which names the format and the SHA-256 of the
// rest in hexadecimal, and then a spooledBatch in JSON.
const spoolFormat = "keystile usage 1 "

type spooledBatch struct {
	Incarnation string        `json:"incarnation"`
	Sequence    int64         `json:"sequence"`
	Cells       []spooledCell `json:"cells"`
}

// spooledCell is a storage.UsageCell; its times are numbers, which read back
// as what was written whatever they are.
type spooledCell struct {
	Key      keys.ID `json:"key"`
	Hour     int64   `json:"hour"` // since 1970, UTC
	Endpoint string  `json:"endpoint"`
	Project  string  `json:"project"`
	Outcome  string  `json:"outcome"`
	Denied   bool    `json:"denied"`
	Count    int64   `json:"count"`
	Cost     int64   `json:"cost"`
	Last     int64   `json:"last"` // microseconds since 1970
}

// encodeBatch writes down the sums. Notes of single calls are left out: they
// may be missing anywhere.
func encodeBatch(b storage.UsageBatch) []byte {
	out := spooledBatch{Incarnation: b.Incarnation, Sequence: b.Sequence, Cells: make([]spooledCell, len(b.Cells))}
	for i, c := range b.Cells {
		out.Cells[i] = spooledCell{
			Key: c.KeyID, Hour: c.Hour.Unix() / secondsPerHour, Endpoint: c.Endpoint, Project: c.Project,
			Outcome: c.Outcome, Denied: c.Denied, Count: c.Count, Cost: c.Cost, Last: c.Last.UnixMicro(),
		}
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return seal(body)
}

// seal puts the first line before a body.
func seal(body []byte) []byte {
	digest := sha256.Sum256(body)
	return append([]byte(spoolFormat+hex.EncodeToString(digest[:])+"\n"), body...)
}

// decodeBatch reads what encodeBatch wrote; every error is errCorrupt.
func decodeBatch(data []byte) (storage.UsageBatch, error) {
	head, body, _ := bytes.Cut(data, []byte("\n"))
	if want, _, _ := bytes.Cut(seal(body), []byte("\n")); !bytes.Equal(head, want) {
		return storage.UsageBatch{}, fmt.Errorf("%w: its first line doesn't fit the rest", errCorrupt)
	}
	var in spooledBatch
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return storage.UsageBatch{}, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return storage.UsageBatch{}, fmt.Errorf("%w: something follows the batch", errCorrupt)
	}
	return in.batch()
}

func (in *spooledBatch) batch() (storage.UsageBatch, error) {
	if in.Incarnation == "" || in.Sequence < 1 {
		return storage.UsageBatch{}, fmt.Errorf("%w: incarnation %q, sequence %d", errCorrupt, in.Incarnation, in.Sequence)
	}
	out := storage.UsageBatch{
		Incarnation: in.Incarnation, Sequence: in.Sequence,
		Cells: make([]storage.UsageCell, len(in.Cells)),
	}
	for i, c := range in.Cells {
		if !c.sane() {
			return storage.UsageBatch{}, fmt.Errorf("%w: cell %d makes no sense: %+v", errCorrupt, i, c)
		}
		out.Cells[i] = storage.UsageCell{
			KeyID: c.Key, Hour: time.Unix(c.Hour*secondsPerHour, 0).UTC(), Endpoint: c.Endpoint, Project: c.Project,
			Outcome: c.Outcome, Denied: c.Denied, Count: c.Count, Cost: c.Cost, Last: time.UnixMicro(c.Last).UTC(),
		}
	}
	return out, nil
}

// lastHour is in the year 9999, beyond which times can't be written down.
const lastHour = 70_000_000

// sane reports whether a cell could have come from counting.
func (c *spooledCell) sane() bool {
	return c.Count > 0 && c.Cost >= 0 && c.Hour > -lastHour && c.Hour < lastHour
}
