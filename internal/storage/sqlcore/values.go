package sqlcore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Micros is how a time is stored. The zero time has a number of its own,
// which FromMicros turns back.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros reads a time that is stored.
func FromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// orNull stores a zero time as NULL, so that no comparison holds for it.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return Micros(t)
}

func fromNull(us sql.Null[int64]) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return FromMicros(us.V)
}

func toDigest(raw []byte) (keys.Digest, error) {
	if len(raw) != len(keys.Digest{}) {
		return keys.Digest{}, fmt.Errorf("its digest has %d bytes", len(raw))
	}
	return keys.Digest(raw), nil
}

// encode writes a list or a map; none is an empty one, never null.
func encodeList(list []string) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	return encode(list)
}

func encodeMap(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "{}", nil
	}
	return encode(m)
}

func encode(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

var errNull = errors.New("null stands where text belongs")

// decodeList reads a list of texts. It refuses null, which encoding/json would
// read as no list: no list of addresses means any address.
func decodeList(text string) ([]string, error) {
	var raw []*string
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, errNull
	}
	var list []string
	for _, one := range raw {
		if one == nil {
			return nil, errNull
		}
		list = append(list, *one)
	}
	return list, nil
}

func decodeMap(text string) (map[string]string, error) {
	var raw map[string]*string
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, errNull
	}
	if len(raw) == 0 {
		return nil, nil
	}
	m := make(map[string]string, len(raw))
	for name, value := range raw {
		if value == nil {
			return nil, errNull
		}
		m[name] = *value
	}
	return m, nil
}

// Placeholders returns rows groups of columns question marks each.
func Placeholders(rows, columns int) string {
	group := "(" + strings.Repeat("?, ", columns-1) + "?)"
	return strings.Repeat(group+", ", rows-1) + group
}
