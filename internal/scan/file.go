package scan

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Options say what a walk leaves out, and who hears of what it can't read.
type Options struct {
	// GitFolders looks into folders called .git as well, whose history is packed
	// and can't be read there.
	GitFolders bool
	// Unread is told of each file and folder that can't be read. The path is
	// as it was given, and may hold a secret: see Scanner.Masked.
	Unread func(path string, err error)
}

// Masked is a text with hints in the place of secrets.
func (s *Scanner) Masked(text string) string { return s.format.Masked(text) }

// Walk reads a file, or all files of a folder and below. It follows a link that
// it was given, and none that it meets: what a link in a folder leads to is
// either below it as well, or none of it. What is no file (a device, a pipe) is
// left out, unless it was given.
func (s *Scanner) Walk(path string, o Options) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		o.Unread(path, reason(err))
	case !info.IsDir():
		s.open(path, o)
	default:
		// The separator has a link followed.
		_ = filepath.WalkDir(path+string(filepath.Separator), func(at string, entry fs.DirEntry, err error) error {
			return s.visit(at, entry, err, o)
		})
	}
}

// visit never fails: what can't be read keeps nothing else from it.
func (s *Scanner) visit(at string, entry fs.DirEntry, err error, o Options) error {
	switch {
	case err != nil:
		o.Unread(at, reason(err))
		if entry != nil && entry.IsDir() {
			return fs.SkipDir
		}
	case entry.IsDir():
		if entry.Name() == ".git" && !o.GitFolders {
			return fs.SkipDir
		}
		s.name(at)
	case entry.Type().IsRegular():
		s.name(at)
		s.open(at, o)
	}
	return nil
}

// name looks at how a file is called.
func (s *Scanner) name(path string) {
	base := []byte(filepath.Base(path))
	s.spots(base, 0, len(base), false, func(int) Place { return Place{File: path} })
}

func (s *Scanner) open(path string, o Options) {
	file, err := os.Open(path)
	if err != nil {
		o.Unread(path, reason(err))
		return
	}
	defer func() { _ = file.Close() }() // only read
	if err := s.File(path, file); err != nil {
		o.Unread(path, reason(err))
	}
}

// reason is an error without the path, which is told beside it.
func reason(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}

// File reads one file.
func (s *Scanner) File(name string, in io.Reader) error {
	s.files++
	p := newPieces(in)
	binary, line := p.binary(), 0
	for {
		got, err := p.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if got.opens {
			line++
		}
		s.spots(got.text, got.from, got.to, false, func(start int) Place {
			if binary {
				return Place{File: name, Binary: true, Offset: got.offset + int64(start)}
			}
			return Place{File: name, Line: line}
		})
	}
}
