package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/storagetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(writerEnv) != "" {
		writeUntilKilled()
	}
	goleak.VerifyTestMain(m)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, openTemp)
}

// openTemp is a new file, which each call opens anew.
func openTemp(t *testing.T) storagetest.Place {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.db")
	return func(t *testing.T) storage.Store {
		t.Helper()
		return open(t, path)
	}
}
