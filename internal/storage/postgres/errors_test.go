package postgres

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keystile/keystile/internal/storage"
)

// What the server says is an answer only where it is one.
func TestSTORE06FaultsOfTheServerAreNoAnswers(t *testing.T) {
	t.Parallel()
	for code := range faults {
		err := translate(fmt.Errorf("asked: %w", &pgconn.PgError{Code: code}))
		wantUnknown(t, code, err)
		if codeOf(err) != code {
			t.Errorf("%s is lost", code)
		}
	}
	for err, want := range map[error]error{
		&pgconn.PgError{Code: uniqueViolation}: storage.ErrExists, sql.ErrNoRows: storage.ErrNotFound,
	} {
		if got := translate(err); !errors.Is(got, want) {
			t.Errorf("%v: got %v, want %v", err, got, want)
		}
	}
	if err := translate(nil); err != nil {
		t.Errorf("nothing: got %v", err)
	}
}

func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		&pgconn.PgError{Code: serializationFailure}: true, &pgconn.PgError{Code: deadlockDetected}: true,
		&pgconn.PgError{Code: adminShutdown}: true, &pgconn.PgError{Code: crashShutdown}: true,
		io.ErrUnexpectedEOF: true, syscall.ECONNRESET: true,
		&pgconn.PgError{Code: "53300"}: false, &pgconn.PgError{Code: "57P03"}: false, &pgconn.PgError{Code: "57014"}: false,
		&pgconn.PgError{Code: "53100"}: false, &pgconn.PgError{Code: idleInTransaction}: false, &pgconn.PgError{Code: uniqueViolation}: false,
		errors.New("ours"): false, storage.ErrOutOfOrder: false, errStandby: false, sql.ErrNoRows: false,
	} {
		if got := passing(translate(fmt.Errorf("tried: %w", err))); got != want {
			t.Errorf("%v: got %v, want %v", err, got, want)
		}
	}
}
