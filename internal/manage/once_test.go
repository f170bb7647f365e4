package manage_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// made is what a create answers, as far as all kinds of them have it.
type made struct {
	name     string // ID or name
	secret   keys.Secret
	replayed bool
}

// creates are the calls that take an idempotency key. Each makes something of
// the name that it is given; key is one that may be rotated, once.
func (f *fixture) creates(ctx context.Context, key keys.ID) map[string]func(manage.Call, string) (made, error) {
	return map[string]func(manage.Call, string) (made, error){
		"key.create": func(call manage.Call, name string) (made, error) {
			got, err := f.CreateKey(ctx, call, manage.NewKey{Name: name})
			return made{string(got.ID), got.Secret, got.Replayed}, err
		},
		"key.rotate": func(call manage.Call, name string) (made, error) {
			got, err := f.RotateKey(ctx, call, key, manage.Rotation{Reason: name})
			return made{string(got.ID), got.Secret, got.Replayed}, err
		},
		"token.create": func(call manage.Call, name string) (made, error) {
			got, err := f.CreateToken(ctx, call, manage.NewToken{Name: name})
			return made{got.ID, got.Secret, got.Replayed}, err
		},
		"token.create-of-all": func(call manage.Call, name string) (made, error) {
			got, err := f.CreateToken(ctx, call, manage.NewToken{Name: name, AllWorkspaces: true})
			return made{got.ID, got.Secret, got.Replayed}, err
		},
		"project.create": func(call manage.Call, name string) (made, error) {
			got, err := f.CreateProject(ctx, call, manage.NewProject{Name: name})
			return made{name: got.Name, replayed: got.Replayed}, err
		},
		"profile.create": func(call manage.Call, name string) (made, error) {
			got, err := f.CreateProfile(ctx, call, manage.NewProfile{Name: name})
			return made{name: got.Name, replayed: got.Replayed}, err
		},
		"workspace.create": func(call manage.Call, name string) (made, error) {
			got, err := f.CreateWorkspace(ctx, call, manage.NewWorkspace{Name: name})
			return made{name: got.Name, replayed: got.Replayed}, err
		},
	}
}

func (c made) again(first made) bool {
	return c.replayed && c.name == first.name && c.name != "" && c.secret.IsZero()
}

func with(call manage.Call, key string) manage.Call {
	call.IdempotencyKey = key
	return call
}

func TestARepeatedCreateMakesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	creates := f.creates(t.Context(), f.mustCreate(t, f.op, manage.NewKey{}).ID)
	for operation, create := range creates {
		call := with(f.op, "once-"+operation)
		first, err := create(call, "first")
		if err != nil || first.replayed {
			t.Fatalf("%s: %+v, %v", operation, first, err)
		}
		before := len(f.everyEntry(t))
		f.advance(time.Minute)
		for range 2 {
			if got, err := create(call, "first"); err != nil || !got.again(first) {
				t.Errorf("%s, repeated: %+v, %v", operation, got, err)
			}
		}
		_, err = create(call, "second")
		wantRefusal(t, err, problem.IdempotencyConflict, "")
		for other, create := range creates {
			if other != operation {
				_, err := create(call, "first")
				wantRefusal(t, err, problem.IdempotencyConflict, "")
			}
		}
		if n := len(f.everyEntry(t)); n != before {
			t.Errorf("%s: the repeats left %d entries in the trail", operation, n-before)
		}
	}
}

// everyEntry reads the trail of the default workspace and of none.
func (f *fixture) everyEntry(t *testing.T) []manage.AuditView {
	t.Helper()
	return f.mustAudit(t, f.op, manage.AuditQuery{Limit: 1000}).Data
}

func TestAnIdempotencyKeyIsItsCallersOwn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	token := func(id, workspace string) manage.Call {
		return manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: id, Name: "deploy", Workspace: workspace})}
	}
	byKey := f.keyActor(t, f.op, manage.NewKey{Scopes: manager()})
	calls := []manage.Call{
		f.op, {Actor: manage.CommandActor("bob")}, token("tok_1", "default"), token("tok_2", "default"), token("tok_3", "rivals"),
		{Actor: f.standing(t, manage.Actor{Kind: manage.ActorOperator, ID: "tok_op", Name: "deploy"})}, byKey,
	}
	ids := map[keys.ID]bool{}
	for _, call := range calls {
		got, err := f.CreateKey(t.Context(), with(call, "once"), manage.NewKey{Name: "the one"})
		if err != nil || got.Replayed || got.Secret.IsZero() || ids[got.ID] {
			t.Errorf("%s: %+v, %v", call.Actor, got, err)
		}
		ids[got.ID] = true
	}
	_, err := f.CreateKey(t.Context(), with(rivals, "once"), manage.NewKey{Name: "the one"})
	wantRefusal(t, err, problem.IdempotencyConflict, "") // another workspace is another request
	if _, err := f.RevokeKey(t.Context(), f.op, keys.ID(byKey.Actor.ID), manage.Revocation{}); err != nil {
		t.Fatal(err)
	}
	_, err = f.CreateKey(t.Context(), with(byKey, "once"), manage.NewKey{Name: "the one"})
	wantRefusal(t, err, problem.InvalidToken, "")
}

func TestARotationOfAnotherKeyIsNoRepeat(t *testing.T) {
	t.Parallel()
	f := setup(t)
	one, other := f.mustCreate(t, f.op, manage.NewKey{}), f.mustCreate(t, f.op, manage.NewKey{})
	if _, err := f.RotateKey(t.Context(), with(f.op, "once"), one.ID, manage.Rotation{}); err != nil {
		t.Fatal(err)
	}
	_, err := f.RotateKey(t.Context(), with(f.op, "once"), other.ID, manage.Rotation{})
	wantRefusal(t, err, problem.IdempotencyConflict, "")
}

func TestARepeatShowsWhatWasMadeAsItIsNow(t *testing.T) {
	t.Parallel()
	f := setup(t)
	call, ask := with(f.op, "once"), manage.NewKey{Name: "the one", ExpiresAt: "2026-11-22T13:00:00Z"}
	first := f.mustCreate(t, call, ask)
	f.advance(time.Hour) // what was asked for would now be refused
	got, err := f.CreateKey(t.Context(), call, ask)
	if err != nil || got.ID != first.ID || got.Status != keys.Expired || !got.Replayed {
		t.Errorf("once expired: %+v, %v", got, err)
	}
	if err := f.DeleteKey(t.Context(), f.op, first.ID); err != nil {
		t.Fatal(err)
	}
	_, err = f.CreateKey(t.Context(), call, ask)
	wantRefusal(t, err, problem.IdempotencyConflict, "")
	if rows := f.mustList(t, f.op, manage.KeyQuery{}); len(rows.Data) != 0 {
		t.Errorf("made %+v", rows.Data)
	}
	project := with(f.op, "project")
	for range 2 {
		f.project(t, project, "apollo")
	}
	if err := f.DeleteProject(t.Context(), f.op, "apollo"); err != nil {
		t.Fatal(err)
	}
	_, err = f.CreateProject(t.Context(), project, manage.NewProject{Name: "apollo"})
	wantRefusal(t, err, problem.IdempotencyConflict, "")
}

func TestARepeatIsKnownForADay(t *testing.T) {
	t.Parallel()
	f := setup(t)
	call, ask := with(f.op, "once"), manage.NewKey{Name: "the one"}
	first := f.mustCreate(t, call, ask)
	f.advance(24*time.Hour - time.Microsecond)
	if got := f.mustCreate(t, call, ask); !got.Replayed || got.ID != first.ID {
		t.Errorf("a moment before: %+v", got)
	}
	f.advance(time.Microsecond)
	second := f.mustCreate(t, call, manage.NewKey{Name: "another one"})
	if second.Replayed || second.Secret.IsZero() {
		t.Errorf("after a day: %+v", second)
	}
	for i := range 30 {
		f.mustCreate(t, with(f.op, strings.Repeat("x", i+1)), ask)
	}
	f.advance(25 * time.Hour)
	for i := range 3 { // each removes ten
		f.mustCreate(t, with(f.op, strings.Repeat("y", i+1)), ask)
	}
	left := 0
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		for i := range 30 {
			_, err := tx.Creation(t.Context(), "command:ann", sha256.Sum256([]byte(strings.Repeat("x", i+1))))
			if err == nil {
				left++
			} else if !errors.Is(err, storage.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil || left != 1 {
		t.Errorf("%d are left, %v; want the one that came last", left, err)
	}
}

func TestARefusedCreateIsNotRemembered(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue)
	call := with(f.op, "once")
	_, err := f.CreateKey(t.Context(), call, manage.NewKey{Name: "the one", Project: "apollo"})
	wantRefusal(t, err, problem.InvalidRequest, "project")
	_, err = f.CreateKey(t.Context(), call, manage.NewKey{})
	wantRefusal(t, err, problem.InvalidRequest, "name")
	f.project(t, f.op, "apollo")
	if got := f.mustCreate(t, call, manage.NewKey{Name: "the one", Project: "apollo"}); got.Replayed || got.Secret.IsZero() {
		t.Errorf("made %+v", got)
	}
}

func TestOfCreatesAtOnceOneMakesAndTheOthersRepeat(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var makers atomic.Int32
	var ids sync.Map
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			got, err := f.CreateKey(t.Context(), with(f.op, "once"), manage.NewKey{Name: "the one"})
			if err != nil || got.Replayed != got.Secret.IsZero() {
				t.Errorf("%+v, %v", got, err)
			}
			ids.Store(got.ID, true)
			if !got.Replayed {
				makers.Add(1)
			}
		})
	}
	group.Wait()
	count := 0
	ids.Range(func(any, any) bool { count++; return true })
	if makers.Load() != 1 || count != 1 || len(f.mustList(t, f.op, manage.KeyQuery{}).Data) != 1 {
		t.Errorf("%d made %d keys", makers.Load(), count)
	}
}

func TestBadIdempotencyKeysAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for operation, create := range f.creates(t.Context(), f.mustCreate(t, f.op, manage.NewKey{}).ID) {
		for _, key := range []string{" ", "two words", "ü", "a\n", "a\x00", "\x7f", strings.Repeat("x", 256)} {
			_, err := create(with(f.op, key), "name-of-it")
			wantRefusal(t, err, problem.InvalidRequest, "Idempotency-Key")
		}
		if _, err := create(with(f.op, operation+strings.Repeat("~", 255-len(operation))), "name-of-it"); err != nil {
			t.Errorf("%s: %v", operation, err)
		}
	}
}

// What a caller chooses as an idempotency key may be a secret in the
// wrong place.
func TestLEAK08IdempotencyKeysAreNotStored(t *testing.T) {
	t.Parallel()
	f := setup(t)
	pasted := f.mustCreate(t, f.op, manage.NewKey{}).Secret.Reveal()
	got := f.mustCreate(t, with(f.op, pasted), manage.NewKey{})
	for name, text := range files(t, f.dir) {
		if strings.Contains(text, pasted) || strings.Contains(text, got.Secret.Reveal()) {
			t.Errorf("%s holds it", name)
		}
	}
}
