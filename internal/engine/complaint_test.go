package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestOutageIsLoggedOnceASecondAndClientsThatLeaveNever(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := &Engine{cfg: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}
	start := time.Unix(1_800_000_000, 0)
	outage := errors.New("the disk is gone")

	for i := range 1000 { // for two seconds
		e.complain(outage, start.Add(time.Duration(i)*2*time.Millisecond))
	}
	e.complain(fmt.Errorf("wait: %w", context.Canceled), start.Add(time.Hour))

	if n := strings.Count(log.String(), outage.Error()); n != 2 {
		t.Errorf("logged %d times in two seconds, want 2:\n%s", n, log.String())
	}
	if strings.Contains(log.String(), context.Canceled.Error()) {
		t.Errorf("a client that left is in the log:\n%s", log.String())
	}
}
