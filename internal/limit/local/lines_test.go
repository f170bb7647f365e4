package local

import (
	"testing"
	"unsafe"
)

func TestBucketsOfOneLimitFillACacheLine(t *testing.T) {
	t.Parallel()
	const line = 64
	if got := unsafe.Sizeof(buckets{}); got != line {
		t.Errorf("the buckets of a subject take %d bytes, want %d", got, line)
	}
}
