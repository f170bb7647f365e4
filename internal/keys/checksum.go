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

// crc is crc32.ChecksumIEEE of a string. The library's takes a byte slice and
// lets it escape, which would cost every request an allocation.
func crc(text string) uint32 {
	sum := ^uint32(0)
	for i := range len(text) {
		sum = crc32.IEEETable[byte(sum)^text[i]] ^ sum>>8
	}
	return ^sum
}
