package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	fileMode   = 0o600
	folderMode = 0o700
)

// NoDatabaseError says where a database was looked for and isn't.
type NoDatabaseError struct{ Path string }

// Error implements error.
func (e *NoDatabaseError) Error() string {
	return "there is no database at " + e.Path + ": a gate makes it when it first starts"
}

// stat describes the file at the path, and refuses what can't be a database.
// It doesn't open it: closing a second descriptor would drop SQLite's own
// locks on the file (POSIX).
func (s *Store) stat() (os.FileInfo, error) {
	file, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NoDatabaseError{Path: s.path}
	case err != nil:
		return nil, fmt.Errorf("look for the database: %w", err)
	case !file.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file that could hold a database (%s)", s.path, file.Mode())
	}
	return file, s.refuseStranger(file)
}

// create makes an empty file where there is none, for its owner only. SQLite
// gives the files beside it the same mode.
func (s *Store) create() error {
	_, err := s.stat()
	if none := (*NoDatabaseError)(nil); !errors.As(err, &none) || s.mustExist {
		return err
	}
	folder := filepath.Dir(s.path)
	if err := s.refuseNetwork(existing(folder)); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return fmt.Errorf("make the folder of the database: %w", err)
	}
	file, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return nil // another node was faster
	}
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	s.onCreate(s.path)
	return nil
}

// existing returns the nearest folder above a path that is there.
func existing(folder string) string {
	for {
		if _, err := os.Stat(folder); err == nil || filepath.Dir(folder) == folder {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}
