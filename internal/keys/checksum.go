package keys

import "hash/crc32"

// base62 is the alphabet of random and checksum characters, digits first.
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const (
	randomChars   = 30
	checksumChars = 6
	bodyChars     = randomChars + checksumChars
)

// isBase62 answers in one load whether a byte belongs to the alphabet.
var isBase62 = func() (table [256]bool) {
	for i := range len(base62) {
		table[base62[i]] = true
	}
	return table
}()

// checksum returns the CRC-32 (IEEE) of text as base62, left-padded with 0 to
// checksumChars. It filters typing errors; it authenticates nothing.
func checksum(text string) [checksumChars]byte {
	sum := crc(text)
	var out [checksumChars]byte
	for i := checksumChars - 1; i >= 0; i-- {
		out[i] = base62[sum%62]
		sum /= 62
	}
	return out
}

// bearsChecksum reports whether a text ends with the checksum of what stands
// before.
func bearsChecksum(text string) bool {
	start := len(text) - checksumChars
	sum := crc(text[:start])
	for i := len(text) - 1; i >= start; i-- {
		if text[i] != base62[sum%62] {
			return false
		}
		sum /= 62
	}
	return true
}

// crc is crc32.ChecksumIEEE of a string. The library's takes a byte slice and
// lets it escape, which would cost every request an allocation.
func crc(text string) uint32 {
	sum := ^uint32(0)
	for ; len(text) >= len(steps); text = text[len(steps):] {
		sum ^= uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24
		sum = steps[7][byte(sum)] ^ steps[6][byte(sum>>8)] ^ steps[5][byte(sum>>16)] ^ steps[4][sum>>24] ^
			steps[3][text[4]] ^ steps[2][text[5]] ^ steps[1][text[6]] ^ steps[0][text[7]]
	}
	if len(text) >= 4 {
		sum ^= uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24
		sum = steps[3][byte(sum)] ^ steps[2][byte(sum>>8)] ^ steps[1][byte(sum>>16)] ^ steps[0][sum>>24]
		text = text[4:]
	}
	for i := range len(text) {
		sum = steps[0][byte(sum)^text[i]] ^ sum>>8
	}
	return ^sum
}

// steps take eight bytes at once: what a byte adds to the sum when so many
// bytes follow it (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for
// High-Performance CRC Generation", 2008).
var steps = func() (tables [8]crc32.Table) {
	tables[0] = *crc32.IEEETable
	for n := 1; n < len(tables); n++ {
		for b, sum := range tables[n-1] {
			tables[n][b] = tables[0][byte(sum)] ^ sum>>8
		}
	}
	return tables
}()
