// Command bench measures Keystile beside what a user would pick instead.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/duel"
	"github.com/keystile/keystile/bench/internal/keyset"
	"github.com/keystile/keystile/internal/servertest"
)

func main() {
	if served, err := serve(os.Args[1:]); served {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := first(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func first() error {
	n := flag.Int("keys", 10000, "")
	rounds := flag.Int("rounds", 5, "")
	slice := flag.Duration("slice", 3*time.Second, "")
	warm := flag.Duration("warm", 2*time.Second, "")
	only := flag.String("only", ".", "")
	refused := flag.Bool("refused", false, "")
	flag.Parse()
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "bench")
	defer os.RemoveAll(dir)
	start := time.Now()
	set, err := keyset.Get(ctx, "../.cache/bench", *n)
	if err != nil {
		return err
	}
	fmt.Println("keys", time.Since(start))
	bin := filepath.Join(dir, "caddy")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/caddy")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s", out)
	}
	self, _ := os.Executable()
	up, err := servertest.StartProgram(dir, "127.0.0.1:18999", self, "upstream", "127.0.0.1:18999")
	if err != nil {
		return err
	}
	defer up.Close()
	set.File, _ = filepath.Abs(set.File)
	t := &duel.Table{Dir: dir, Binary: bin, Self: self, Upstream: 18999, Connections: 64, Warm: *warm, Slice: *slice, Seed: 1, Sets: map[int]*keyset.Set{*n: set}}
	match := regexp.MustCompile(*only)
	for round := range *rounds {
		for _, c := range contender.All() {
			if !match.MatchString(c.Name) {
				continue
			}
			s, err := t.Take(ctx, duel.Cell{Contender: c, Keys: *n, Refused: *refused}, round)
			if err != nil {
				return err
			}
			fmt.Printf("%-22s %8v %8v %8.0f %8v %8v  met %v  %d/%d MiB\n", c.Name, s.Took, s.Helper, s.PerSecond, s.P50, s.P99, s.Met, s.Memory.Now>>20, s.Memory.Peak>>20)
		}
	}
	return nil
}
