package usage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

func someBatch() storage.UsageBatch {
	return storage.UsageBatch{Incarnation: "6f1c", Sequence: 7, Cells: []storage.UsageCell{
		{KeyID: "key_1", Hour: noon, Endpoint: "GET /v1/\"x\"", Project: "früh", Outcome: "2xx", Count: 3, Cost: 15, Last: noon},
		{KeyID: "key_2", Hour: noon, Endpoint: "default", Outcome: "rate_limited", Denied: true, Count: 1, Last: noon},
	}}
}

func TestSpoolFileReadsBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	want := someBatch()
	got, err := usage.DecodeBatch(usage.EncodeBatch(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
}

func TestSpoolFileThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:   "EOF",
		`{}`: "incarnation",
		`{"incarnation":"a","sequence":0,"cells":[]}`:                                            "sequence 0",
		`{"incarnation":"a","sequence":1,"cells":[]}{}`:                                          "something follows",
		`{"incarnation":"a","sequence":1,"cells":[],"more":1}`:                                   "unknown field",
		`{"incarnation":"a","sequence":1,"cells":[{"key":"k","count":0}]}`:                       "makes no sense",
		`{"incarnation":"a","sequence":1,"cells":[{"key":"k","count":-1}]}`:                      "makes no sense",
		`{"incarnation":"a","sequence":1,"cells":[{"key":"k","count":1,"cost":-1}]}`:             "makes no sense",
		`{"incarnation":"a","sequence":1,"cells":[{"key":"k","count":1,"hour":99999999999999}]}`: "makes no sense",
	} {
		_, err := usage.DecodeBatch(usage.Seal([]byte(body)))
		if !errors.Is(err, usage.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}

// FuzzSpool: whatever stands in the file, reading it neither fails otherwise
// than by saying that it is corrupt, nor yields what is written differently.
func FuzzSpool(f *testing.F) {
	whole := usage.EncodeBatch(someBatch())
	_, body, _ := strings.Cut(string(whole), "\n")
	f.Add(whole, false)
	f.Add([]byte(body), true)
	f.Add(whole[:40], false)
	f.Add([]byte(`{"incarnation":"a","sequence":1,"cells":[{"count":1}]}`), true)
	f.Fuzz(func(t *testing.T, data []byte, sealed bool) {
		if sealed {
			data = usage.Seal(data) // or the fuzzer would never get past the digest
		}
		batch, err := usage.DecodeBatch(data)
		if err != nil {
			if !errors.Is(err, usage.ErrCorrupt) {
				t.Fatalf("reading failed otherwise: %v", err)
			}
			return
		}
		again, err := usage.DecodeBatch(usage.EncodeBatch(batch))
		if err != nil {
			t.Fatalf("what was read is refused: %v", err)
		}
		if diff := cmp.Diff(batch, again); diff != "" {
			t.Fatalf("reads back as something else:\n%s", diff)
		}
	})
}
