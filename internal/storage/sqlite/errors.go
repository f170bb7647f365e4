package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/keystile/keystile/internal/storage"
)

// primary masks an extended result code down to its primary one.
const primary = 0xff

// faults says in plain words what result codes mean to an operator.
var faults = map[int]string{
	lib.SQLITE_BUSY:     "the database is held by another process",
	lib.SQLITE_PROTOCOL: "the database is held by another process",
	lib.SQLITE_READONLY: "the database or its folder is read-only",
	lib.SQLITE_CANTOPEN: "the database can't be opened: its file and its folder must be readable and writable",
	lib.SQLITE_NOTADB:   "the file is no SQLite database",
	lib.SQLITE_CORRUPT:  "the database is damaged",
	lib.SQLITE_FULL:     "the disk is full",
	lib.SQLITE_IOERR:    "the disk can't be read or written",
}

// translate turns the driver's errors into the contract's, by code. What is
// none of the sentinels means that the store could not tell.
func translate(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return storage.ErrNotFound
	}
	code := codeOf(err)
	switch code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return fmt.Errorf("%w: %w", storage.ErrExists, err)
	case lib.SQLITE_INTERRUPT: // only ever sent when the context has ended
		return fmt.Errorf("%w: %w", context.Canceled, err)
	}
	if words, known := faults[code&primary]; known {
		return fmt.Errorf("%s: %w", words, err)
	}
	return err
}

// codeOf returns SQLite's extended result code; 0 for errors that aren't its.
func codeOf(err error) int {
	if fault := (*sqlite.Error)(nil); errors.As(err, &fault) {
		return fault.Code()
	}
	return 0
}

// busy reports whether trying again may help.
func busy(err error) bool {
	code := codeOf(err) & primary
	return code == lib.SQLITE_BUSY || code == lib.SQLITE_PROTOCOL
}

// refused reports whether SQLite undid one statement and left the transaction
// as it was before.
func refused(err error) bool {
	return errors.Is(err, sql.ErrNoRows) || codeOf(err)&primary == lib.SQLITE_CONSTRAINT
}

// unfit reports whether it is because of what was to be stored.
func unfit(err error) bool {
	switch codeOf(err) & primary {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG:
		return true
	}
	return false
}
