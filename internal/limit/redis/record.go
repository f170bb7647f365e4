package redis

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/keystile/keystile/internal/quota"
)

// ledgerKind is the first number of an answer about a quota.
type ledgerKind int64

const (
	ledgerOtherEpoch ledgerKind = iota
	ledgerNeedsBase
	ledgerOvertaken
	ledgerSettled
)

// ledgerAnswer is what Redis says about one quota.
type ledgerAnswer struct {
	kind           ledgerKind
	granted, taken int64
}

// mostExact is the largest number that scripts count exactly with.
const mostExact = 1 << 52

// quotaKey names a quota in Redis, in the slot of the fleet.
func (s *server) quotaKey(st *quota.Statement) string {
	of := st.Subject
	sum := sha256.Sum256([]byte(strings.Join([]string{of.Workspace, of.Environment, of.Lineage, of.Endpoint}, "\x00")))
	return fmt.Sprintf("%s:{rate}:quota:%s:%d:%d:%s", s.cfg.Name, st.Period, st.Start.Unix(), of.Kind, base64.RawURLEncoding.EncodeToString(sum[:18]))
}

// record tells of several quotas in one round trip. The answers are in order.
func (s *server) record(ctx context.Context, all []entry) ([]ledgerAnswer, error) {
	cmds, err := s.pipeQuotas(ctx, all)
	if goredis.HasErrorPrefix(err, "NOSCRIPT") {
		if err := s.load(ctx); err != nil {
			return nil, err
		}
		cmds, err = s.pipeQuotas(ctx, all) // statements may be repeated
	}
	if err != nil {
		return nil, fmt.Errorf("tell Redis of quotas: %w", err)
	}
	answers := make([]ledgerAnswer, len(cmds))
	for i, cmd := range cmds {
		if answers[i], err = readLedgerAnswer(cmd); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func (s *server) pipeQuotas(ctx context.Context, all []entry) ([]*goredis.Cmd, error) {
	pipe := s.client.Pipeline()
	cmds := make([]*goredis.Cmd, 0, len(all))
	for i := range all {
		e := &all[i]
		cmds = append(cmds, pipe.EvalSha(ctx, s.quotas.Hash(), []string{s.fleetKey(), s.quotaKey(&e.Statement)},
			s.cfg.Node, e.epoch, e.seq, e.Life, e.Used, e.Held, e.Need, e.Want, e.Extra, e.parts,
			min(e.Limit, mostExact), min(e.Base, mostExact), e.Keep.Milliseconds()))
	}
	_, err := pipe.Exec(ctx)
	return cmds, err
}

func readLedgerAnswer(cmd *goredis.Cmd) (a ledgerAnswer, err error) {
	parts, err := cmd.Slice()
	if err != nil {
		return a, fmt.Errorf("read an answer of Redis: %w", err)
	}
	if len(parts) != 1 && len(parts) != 3 {
		return a, fmt.Errorf("%w: %v", errAnswer, parts)
	}
	numbers := [3]int64{}
	for i, part := range parts {
		if numbers[i], err = strconv.ParseInt(fmt.Sprint(part), 10, 64); err != nil {
			return a, fmt.Errorf("%w: %w", errAnswer, err)
		}
	}
	return ledgerAnswer{kind: ledgerKind(numbers[0]), granted: numbers[1], taken: numbers[2]}, nil
}
