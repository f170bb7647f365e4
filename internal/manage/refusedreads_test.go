package manage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// refusals are the entries of what was refused, oldest first, each with how many
// before it had none.
func (f *fixture) refusals(t *testing.T) (told []string) {
	t.Helper()
	trail := f.audit(t, "default")
	for i := len(trail) - 1; i >= 0; i-- {
		if e := trail[i]; strings.HasSuffix(e.Action, ".refused") {
			told = append(told, fmt.Sprint(e.Action, " ", e.Changes["unrecorded"].To))
		}
	}
	return told
}

func wantRefusals(t *testing.T, f *fixture, want ...string) {
	t.Helper()
	if got := f.refusals(t); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestReadsThatAreRefusedAgainAndAgainLeaveAnEntryAMinuteThatCountsThem(t *testing.T) {
	t.Parallel()
	f := setup(t)
	call := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "default"})}
	guess := func(by manage.Call, times int) {
		for i := range times {
			_, err := f.ShowKey(t.Context(), by, keys.ID(fmt.Sprint("key_", i)))
			wantRefusal(t, err, problem.NotFound, "")
		}
	}
	guess(call, 100)
	wantRefusals(t, f, "key.show.refused <nil>")
	f.advance(time.Minute - time.Microsecond)
	guess(call, 1)
	f.advance(time.Microsecond)
	guess(call, 2)
	want := []string{"key.show.refused <nil>", "key.show.refused 100"}
	wantRefusals(t, f, want...)

	other := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_2", Workspace: "default"})}
	guess(other, 3)
	_, err := f.ListKeys(t.Context(), manage.Call{Actor: call.Actor, Workspace: "nobodys"}, manage.KeyQuery{})
	wantRefusal(t, err, problem.WorkspaceMismatch, "workspace")
	wantRefusals(t, f, append(want, "key.show.refused <nil>", "key.list.refused <nil>")...)
}

func TestEachChangeThatIsRefusedLeavesAnEntry(t *testing.T) {
	t.Parallel()
	f := setup(t)
	call := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "default"})}
	for range 3 {
		err := f.DeleteKey(t.Context(), call, "key_nobodys")
		wantRefusal(t, err, problem.NotFound, "")
	}
	wantRefusals(t, f, "key.delete.refused <nil>", "key.delete.refused <nil>", "key.delete.refused <nil>")
}

func TestAReadIsRefusedForItsReasonAlthoughThatCanNotBeRecorded(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := setup(t)
	broken := &unrecording{Store: f.store}
	f.reconfigure(t, func(c *manage.Config) {
		c.Store, c.Log = broken, slog.New(slog.NewTextHandler(&log, nil))
	})
	call := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "default"})}
	show := func(ctx context.Context) {
		_, err := f.ShowKey(ctx, call, "key_nobodys")
		wantRefusal(t, err, problem.NotFound, "")
	}
	f.changesNothing(t, "default", func(ctx context.Context) {
		show(ctx)
		_, err := f.ListKeys(ctx, manage.Call{Actor: call.Actor, Workspace: "rivals"}, manage.KeyQuery{})
		wantRefusal(t, err, problem.WorkspaceMismatch, "workspace")
		if err := f.DeleteKey(ctx, call, "key_nobodys"); !errors.Is(err, errUnrecorded) {
			t.Errorf("a change: %v", err)
		}
	})
	if text := log.String(); !strings.Contains(text, "key.show") || !strings.Contains(text, "key.list") || strings.Contains(text, "nobodys") {
		t.Errorf("logged %s", text)
	}
	broken.takes = 1
	show(t.Context())
	f.advance(time.Minute)
	show(t.Context())
	wantRefusals(t, f, "key.show.refused 2")
}
