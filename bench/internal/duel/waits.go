package duel

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/keystile/keystile/bench/internal/contender"
)

// waiting are the metrics that count the requests which waited for another
// server.
var waiting = []string{"keystile_store_reads_total", "keystile_limiter_waits_total"}

// waits asks Keystile how many requests waited so far.
func waits(ctx context.Context, port int) (int, error) {
	text, err := get(ctx, "http://"+address(port)+contender.MetricsPath, "")
	if err != nil {
		return 0, fmt.Errorf("ask for metrics: %w", err)
	}
	sum := 0
	for _, name := range waiting {
		n, err := metric(text, name)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// metric adds up the lines of a metric, as Prometheus reads them.
func metric(text []byte, name string) (sum int, err error) {
	found := false
	for line := range bytes.Lines(text) {
		rest, ours := bytes.CutPrefix(bytes.TrimSpace(line), []byte(name))
		if !ours || len(rest) == 0 || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		value := rest[bytes.LastIndexByte(rest, ' ')+1:]
		n, err := strconv.ParseFloat(string(value), 64)
		if err != nil || !(n >= 0 && n <= 1<<53) { // NaN is neither
			return 0, fmt.Errorf("the metric %s is %q", name, value)
		}
		sum, found = sum+int(n), true
	}
	if !found {
		return 0, fmt.Errorf("there is no metric %s", name)
	}
	return sum, nil
}
