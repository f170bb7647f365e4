// Package scan finds secrets of ours in files and in what git log -p prints,
// in one pass and in bounded memory.
package scan

import (
	"slices"

	"github.com/keystile/keystile/internal/keys"
)

// What is kept of what was found is bounded; the rest is counted.
const (
	mostSecrets = 10_000
	mostPlaces  = 100_000 // of all secrets together
)

// Place is where a secret stands. No text in it holds a whole one.
type Place struct {
	// File is the file's path, as it was given or as the commit has it; empty
	// for a commit's message.
	File string
	// Line counts from 1; 0 where there are no lines: in a binary file, in a
	// name or in a message.
	Line int
	// Offset is that in bytes in a binary file.
	Offset int64
	Binary bool
	// Commit is the one that brought it; empty for a file.
	Commit string
}

// Find is one secret and where it stands, in the order of sight.
type Find struct {
	Secret keys.Secret
	Hint   string
	Token  bool // a management token
	Places []Place
	More   int // places beyond those
	// passing is the first place that is only left or removed by a commit: it
	// counts where nothing else was seen.
	passing *Place
}

// Scanner gathers what it finds. It is for one goroutine.
type Scanner struct {
	format *keys.Format
	finds  map[keys.Fingerprint]*Find
	order  []*Find
	places int
	lost   int
	files  int
}

// New makes a scanner for the secrets of a format.
func New(format *keys.Format) *Scanner {
	return &Scanner{format: format, finds: map[keys.Fingerprint]*Find{}}
}

// Finds returns what was found, in the order of sight.
func (s *Scanner) Finds() []*Find {
	for _, f := range s.order {
		if len(f.Places) == 0 && f.passing != nil {
			f.Places, f.passing = []Place{*f.passing}, nil
		}
	}
	return s.order
}

// Lost is how many times a secret was seen for which there was no room.
func (s *Scanner) Lost() int { return s.lost }

// Files is how many files were read.
func (s *Scanner) Files() int { return s.files }

// spots finds what is in a text. at makes the place of what begins at an index.
// passing says that a commit didn't bring this text.
func (s *Scanner) spots(text []byte, from, to int, passing bool, at func(start int) Place) {
	for _, spot := range s.format.Spots(text) {
		if spot.Start >= from && spot.Start < to {
			s.note(string(text[spot.Start:spot.End]), at(spot.Start), passing)
		}
	}
}

func (s *Scanner) note(secret string, at Place, passing bool) {
	fp := keys.FingerprintOf(secret)
	f := s.finds[fp]
	if f == nil {
		if len(s.order) >= mostSecrets {
			s.lost++
			return
		}
		wrapped := keys.NewSecret(secret)
		f = &Find{Secret: wrapped, Hint: s.format.HintOf(wrapped), Token: keys.CheckToken(secret)}
		s.finds[fp], s.order = f, append(s.order, f)
	}
	at.File = s.format.Masked(at.File)
	switch {
	case passing && f.passing == nil:
		f.passing = &at
	case passing || slices.Contains(f.Places[max(0, len(f.Places)-1):], at):
	case s.places >= mostPlaces:
		f.More++
	default:
		f.Places = append(f.Places, at)
		s.places++
	}
}
