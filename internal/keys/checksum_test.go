package keys

import (
	"hash/crc32"
	"testing"
	"testing/quick"
)

func TestChecksumIsTheOneOthersPublish(t *testing.T) {
	t.Parallel()
	// The body of a GitHub token and its published checksum, which is made of
	// the same parts: CRC-32 (IEEE), base62, padded with 0.
	if got := checksum("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"); string(got[:]) != "0mLq17" {
		t.Errorf("checksum = %s, want 0mLq17", got)
	}
}

func TestChecksumOfNothingIsPadded(t *testing.T) {
	t.Parallel()
	if got := checksum(""); string(got[:]) != "000000" {
		t.Errorf("checksum = %s, want 000000", got)
	}
}

func TestCRCAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	same := func(text string) bool { return crc(text) == crc32.ChecksumIEEE([]byte(text)) }
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
}
