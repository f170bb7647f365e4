// Package archtest holds the project to its style: which package may import
// which, how long files and functions get, what only wiring may call, and that
// documents list what there is. Its rules read source text, not binaries, so
// that each can be tried on a small sample in memory.
package archtest
