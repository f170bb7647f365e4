package duel

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// profile has Caddy write down what it does for a while, where that is wanted.
// What it returns waits for that, and keeps it.
func (t *turn) profile(ctx context.Context, d time.Duration) (keep func() error) {
	if t.place.Admin == 0 || !t.contender.IsCaddy() {
		return func() error { return nil }
	}
	type got struct {
		text []byte
		err  error
	}
	done := make(chan got, 1)
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", address(t.place.Admin), max(1, int(d.Seconds())))
	go func() {
		text, err := get(ctx, url, "")
		done <- got{text, err}
	}()
	return func() error {
		g := <-done
		if g.err != nil {
			return fmt.Errorf("take a profile: %w", g.err)
		}
		name := strings.NewReplacer(",", "", " ", "-").Replace(t.cell.Contender)
		return os.WriteFile(filepath.Join(t.table.Profiles, fmt.Sprintf("%s-%d-%t-%d.pprof", name, t.cell.Keys, t.cell.Refused, t.round)), g.text, 0o600)
	}
}

// get asks for something, with a token where one is needed.
func get(ctx context.Context, url, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	return text, err
}
