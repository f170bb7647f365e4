package main

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/bench/internal/duel"
)

// options are what the command line says.
type options struct {
	line        string // the command line
	keys        []int
	rounds      int
	warm, slice time.Duration
	connections int
	only        *regexp.Regexp
	seed        uint64
	inside      bool
	quick       bool
	write       string
	profiles    string
	cache       string
	void        []string // why turns were taken again
}

func parse(args []string) (*options, error) {
	o := &options{line: strings.Join(append([]string{"go run ."}, args...), " "), connections: 64}
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	keys := set.String("keys", "1,10000,1000000", "numbers of keys to measure with")
	only := set.String("only", ".", "contenders to measure, by a regular `expression`; the floors are always among them")
	set.IntVar(&o.rounds, "rounds", 6, "how often to measure Keystile and the floors with 10,000 keys; fewer keys half as often, more keys a third, and all others half as often as that")
	set.DurationVar(&o.warm, "warm", time.Second, "how long each process is asked before it is measured")
	set.DurationVar(&o.slice, "slice", 3*time.Second, "how long each process is measured")
	set.Uint64Var(&o.seed, "seed", 0, "what orders are drawn from; 0: another one each time")
	set.BoolVar(&o.inside, "inside", true, "run the benchmarks of Keystile's packages, too")
	set.BoolVar(&o.quick, "quick", false, "only see whether everything works, within a minute or so")
	set.StringVar(&o.write, "write", "", "put the figures into this `file`, too")
	set.StringVar(&o.profiles, "profiles", "", "have Caddy's processor profiles written to this `folder`, which costs some of what is measured")
	set.StringVar(&o.cache, "cache", "../.cache/bench", "`folder` in which keys are kept")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	if o.keys, err = numbers(*keys); err != nil {
		return nil, fmt.Errorf("-keys: %w", err)
	}
	return o, o.settle(*only != ".")
}

// settle checks the options against each other.
func (o *options) settle(part bool) error {
	if o.quick {
		o.keys, o.rounds, o.warm, o.slice, o.inside = []int{duel.Usual}, 1, 100*time.Millisecond, 300*time.Millisecond, false
	}
	switch {
	case o.write != "" && (o.quick || part || !o.inside || o.profiles != "" || len(o.keys) < 3):
		return errors.New("-write is for a whole run: without -quick, -only, -keys, -inside and -profiles")
	case o.rounds < 1 || o.slice <= 0 || o.warm <= 0:
		return errors.New("-rounds, -warm and -slice have to be more than 0")
	}
	if o.seed == 0 {
		o.seed = uint64(time.Now().Unix())
	}
	return nil
}

func numbers(text string) (all []int, err error) {
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of keys", word)
		}
		all = append(all, n)
	}
	return all, nil
}
