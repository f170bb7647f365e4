package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keystile/keystile/internal/storage"
)

// Codes of the server (SQLSTATE) that something depends on.
const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	idleInTransaction    = "25P03"
	undefinedTable       = "42P01"
	cannotConnectNow     = "57P03"
	tooManyConnections   = "53300"
)

// faults says in plain words what codes mean to an operator.
var faults = map[string]string{
	"25006":              "the server is read-only: it is a standby, or was told to be",
	idleInTransaction:    "the server ended a transaction that stood still",
	"28000":              "the server refuses the user",
	"28P01":              "the server refuses the user or the password",
	"3D000":              "the server has no such database",
	serializationFailure: "other transactions were in the way",
	deadlockDetected:     "other transactions were in the way",
	undefinedTable:       "a table is missing: a gate makes them when it first starts",
	"42501":              "the user lacks a right in the database",
	"53100":              "the server's disk is full",
	"53200":              "the server is out of memory",
	tooManyConnections:   "the server has no connections left",
	"55P03":              "others held the database for too long",
	"57014":              "the server stopped a statement",
	adminShutdown:        "the server ended the connection",
	crashShutdown:        "the server ended the connection",
	cannotConnectNow:     "the server is starting up or shutting down",
	"58030":              "the server can't read or write its disk",
	"XX001":              "the database is damaged",
	"XX002":              "the database is damaged",
}

// translate turns the driver's errors into the contract's, by code. What is
// none of the sentinels means that the store could not tell.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if isNoRows(err) {
		return storage.ErrNotFound
	}
	code := codeOf(err)
	if code == uniqueViolation {
		return fmt.Errorf("%w: %w", storage.ErrExists, err)
	}
	if _, dialling := errors.AsType[*pgconn.ConnectError](err); dialling {
		err = oneLine{err}
	}
	if words, known := faults[code]; known {
		return fmt.Errorf("%s: %w", words, err)
	}
	return err
}

// oneLine is an error that says in one line what several attempts came to.
type oneLine struct{ error }

// Error implements error.
func (e oneLine) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }

// Unwrap returns the error as it was.
func (e oneLine) Unwrap() error { return e.error }

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// codeOf returns the server's code; empty for errors that aren't its.
func codeOf(err error) string {
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fault.Code
	}
	return ""
}

// passing reports whether it may help to do again what failed, provided that
// nothing of it was committed: other transactions were in the way, or the
// connection had ended, as all do when the server restarts. A server that
// can't be reached at all is not asked twice.
func passing(err error) bool {
	switch codeOf(err) {
	case serializationFailure, deadlockDetected, adminShutdown, crashShutdown:
		return true
	case "":
	default:
		return false
	}
	if _, dialling := errors.AsType[*pgconn.ConnectError](err); dialling {
		return false
	}
	for _, lost := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return pgconn.SafeToRetry(err)
}

// unreachable reports whether nobody answered where the server is said to be,
// or one that is about to. A server that refuses us does answer, and so does
// one whose certificate nobody vouches for.
func unreachable(err error) bool {
	if unvouched(err) {
		return false
	}
	switch codeOf(err) {
	case cannotConnectNow, tooManyConnections:
		return true
	case "":
		_, dialling := errors.AsType[*pgconn.ConnectError](err)
		return dialling || passing(err)
	}
	return passing(err)
}

// unvouched reports whether a certificate is why a server wasn't talked to.
// Where TLS verifies by pgx, as with verify-ca, the error comes bare.
func unvouched(err error) bool {
	_, whole := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return whole || authority || invalid
}

// NoSchemaError says of which database the tables are missing.
type NoSchemaError struct{ Database string }

// Error implements error.
func (e *NoSchemaError) Error() string {
	return "the database " + e.Database + " has no tables of Keystile's: a gate makes them when it first starts"
}

var (
	errForeign = errors.New("the schema has tables of another program: give Keystile a database or a schema of its own")
	errStandby = errors.New("the server is a standby, which may be behind")
)

// unfit reports whether it is because of what was to be stored: a data exception,
// a violated constraint, or something that is too large.
func unfit(err error) bool {
	code := codeOf(err)
	return strings.HasPrefix(code, "22") || strings.HasPrefix(code, "23") || strings.HasPrefix(code, "54")
}
