package local_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/local"
)

func TestLocal(t *testing.T) {
	t.Parallel()
	limittest.Run(t, func(_ *testing.T, start time.Time) limit.Limiter { return local.New(start) })
}
