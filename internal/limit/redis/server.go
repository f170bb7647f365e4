package redis

import (
	"context"
	_ "embed" // the scripts
	"errors"
	"fmt"
	"strconv"

	goredis "github.com/redis/go-redis/v9"

	"github.com/keystile/keystile/internal/limit"
)

type instant = limit.Instant

var (
	//go:embed fleet.lua
	fleetScript string
	//go:embed beat.lua
	beatScript string
	//go:embed lease.lua
	leaseScript string
	//go:embed quota.lua
	quotaScript string
	//go:embed run.lua
	runScript string
)

// errAnswer says that Redis answered something that the scripts don't.
var errAnswer = errors.New("unexpected answer of a script")

// server is Redis.
type server struct {
	cfg     *Config
	client  *goredis.Client
	prelude string
	beats   *goredis.Script
	leases  *goredis.Script
	quotas  *goredis.Script
	runs    *goredis.Script
}

func (s *server) init(cfg *Config) {
	s.cfg, s.prelude = cfg, fleetScript
	s.compile()
}

// open makes the client, which begins to connect.
func (s *server) open() {
	options := *s.cfg.Server
	options.MaxRetries = -1 // a script that may have run isn't repeated
	options.ContextTimeoutEnabled = true
	options.Protocol = 2
	options.DisableIdentity = true
	options.PoolSize, options.MinIdleConns = couriers+2, couriers+2
	options.DialerRetries = 1
	options.OnConnect = s.greet
	s.client = goredis.NewClient(&options)
}

func (s *server) compile() {
	s.beats, s.leases = goredis.NewScript(s.prelude+beatScript), goredis.NewScript(s.prelude+leaseScript)
	s.quotas = goredis.NewScript(quotaScript)
	s.runs = goredis.NewScript(runScript)
}

func (s *server) close() { _ = s.client.Close() } // nothing is under way any more

func (s *server) fleetKey() string { return s.cfg.Name + ":{rate}:fleet" }

// arguments are what a node says and asks about one bucket.
type arguments struct {
	key             string
	seq             uint64
	epoch           string
	interval, burst int64
	held, back      int64
	need, want      int64
	settles         bool
	left, borrowed  int64
}

// kind is the first number of an answer.
type kind int64

const (
	otherEpoch kind = iota
	notPresent
	overtaken
	settled
)

// answer is what Redis says about one bucket.
type answer struct {
	kind          kind
	kept, granted int64
	level         int64
	out           int64
	share         float64
}

// lease asks about several buckets in one round trip. The answers are in order.
func (s *server) lease(ctx context.Context, all []arguments) ([]answer, error) {
	cmds, err := s.evaluate(ctx, all)
	if goredis.HasErrorPrefix(err, "NOSCRIPT") {
		if err := s.load(ctx); err != nil {
			return nil, err
		}
		cmds, err = s.evaluate(ctx, all) // none of them has run: all are of the one script
	}
	if err != nil {
		return nil, fmt.Errorf("lease from Redis: %w", err)
	}
	answers := make([]answer, len(cmds))
	for i, cmd := range cmds {
		if answers[i], err = readAnswer(cmd); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func (s *server) evaluate(ctx context.Context, all []arguments) ([]*goredis.Cmd, error) {
	pipe := s.client.Pipeline()
	cmds := make([]*goredis.Cmd, 0, len(all))
	for _, a := range all {
		cmds = append(cmds, pipe.EvalSha(ctx, s.leases.Hash(), []string{s.fleetKey(), a.key},
			s.cfg.Node, s.cfg.Trust.Microseconds(), a.epoch, a.seq, a.interval, a.burst,
			a.held, a.back, a.need, a.want, term.Nanoseconds(), flag(a.settles), a.left, a.borrowed))
	}
	_, err := pipe.Exec(ctx)
	return cmds, err
}

func (s *server) load(ctx context.Context) error {
	for _, script := range []*goredis.Script{s.beats, s.leases, s.quotas} {
		if err := script.Load(ctx, s.client).Err(); err != nil {
			return fmt.Errorf("load a script into Redis: %w", err)
		}
	}
	return nil
}

func readAnswer(cmd *goredis.Cmd) (a answer, err error) {
	n, err := cmd.Int64Slice()
	if err != nil {
		return a, fmt.Errorf("read an answer of Redis: %w", err)
	}
	if len(n) == 1 {
		return answer{kind: kind(n[0])}, nil
	}
	if len(n) != 6 {
		return a, fmt.Errorf("%w: %v", errAnswer, n)
	}
	return answer{kind: kind(n[0]), kept: n[1], granted: n[2], level: n[3], out: n[4], share: float64(n[5]) / 1e6}, nil
}

// beat is what a node says of itself.
type beat struct {
	nodes       int64
	seen        int64 // microseconds of Redis's clock; 0: not in this epoch
	epoch, next string
	alone       bool // nobody can have spent anything before a new epoch
	rested      bool // nobody granted anything while nobody was present
	leaves      bool
}

// fleetState is what Redis says of the fleet.
type fleetState struct {
	epoch          string
	now            int64
	present        bool
	members, nodes int64
}

func (s *server) beat(ctx context.Context, b beat) (f fleetState, err error) {
	reply, err := s.beats.Run(ctx, s.client, []string{s.fleetKey()},
		s.cfg.Node, b.nodes, s.cfg.Trust.Microseconds(), b.seen, b.epoch, b.next, flag(b.alone), flag(b.rested), flag(b.leaves)).Slice()
	if err != nil {
		return f, fmt.Errorf("tell Redis that this node lives: %w", err)
	}
	if len(reply) != 5 {
		return f, fmt.Errorf("%w: %v", errAnswer, reply)
	}
	epoch, isText := reply[0].(string)
	now, alsoText := reply[1].(string)
	present, ok1 := reply[2].(int64)
	members, ok2 := reply[3].(int64)
	nodes, ok3 := reply[4].(int64)
	if !isText || !alsoText || !ok1 || !ok2 || !ok3 {
		return f, fmt.Errorf("%w: %v", errAnswer, reply)
	}
	f = fleetState{epoch: epoch, present: present == 1, members: members, nodes: nodes}
	if f.now, err = strconv.ParseInt(now, 10, 64); err != nil {
		return f, fmt.Errorf("read Redis's time: %w", err)
	}
	return f, nil
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
