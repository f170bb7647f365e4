package manage_test

import (
	"context"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func TestLEAK08NoNameHoldsASecretThatWasPastedThere(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key := f.mustCreate(t, f.op, manage.NewKey{})
	for _, pasted := range []string{key.Secret.Reveal(), keys.MintToken().Reveal(), newFormat(t).Mint(keys.Test).Reveal()} {
		f.changesNothing(t, "default", func(ctx context.Context) {
			for what, attempt := range map[string]func(name string) error{
				"a key": func(name string) error { _, err := f.CreateKey(ctx, f.op, manage.NewKey{Name: name}); return err },
				"an edited key": func(name string) error {
					_, err := f.EditKey(ctx, f.op, key.ID, manage.KeyEdit{Name: manage.Stated(name)})
					return err
				},
				"an imported key": func(name string) error {
					_, refused, err := f.imports(ctx, f.op, []manage.ImportRow{{Line: 1, Ask: manage.NewKey{Name: name}, Secret: newFormat(t).Mint(keys.Live)}})
					if err != nil || len(refused) != 1 {
						return err
					}
					return &manage.Error{Problem: problem.Problem{Code: refused[0].Code, Param: "name", Message: refused[0].Reason}}
				},
				"a token": func(name string) error { _, err := f.CreateToken(ctx, f.op, manage.NewToken{Name: name}); return err },
				"a profile": func(name string) error {
					_, err := f.CreateProfile(ctx, f.op, manage.NewProfile{Name: name})
					return err
				},
				"a project": func(name string) error {
					_, err := f.CreateProject(ctx, f.op, manage.NewProject{Name: name})
					return err
				},
				"a workspace": func(name string) error {
					_, err := f.CreateWorkspace(ctx, f.op, manage.NewWorkspace{Name: name})
					return err
				},
			} {
				err := attempt(pasted)
				t.Run(what, func(t *testing.T) { wantRefusal(t, err, problem.InvalidRequest, "name") })
				if err != nil && strings.Contains(err.Error(), pasted) {
					t.Errorf("%s: repeated: %v", what, err)
				}
			}
			_, err := f.CreateToken(ctx, f.op, manage.NewToken{Name: "for " + pasted + "!"})
			wantRefusal(t, err, problem.InvalidRequest, "name")
		})
	}
}

// LEAK-08
func TestNoOtherTextHoldsASecretThatWasPastedThere(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key := f.mustCreate(t, f.op, manage.NewKey{})
	pasted := "was " + key.Secret.Reveal() + ", found on a wiki"
	create := func(ask manage.NewKey) error { _, err := f.CreateKey(t.Context(), f.op, ask); return err }
	edit := func(ask manage.KeyEdit) error { _, err := f.EditKey(t.Context(), f.op, key.ID, ask); return err }
	for what, attempt := range map[string]struct {
		param string
		of    func() error
	}{
		"a description":         {"description", func() error { return create(manage.NewKey{Name: "a key", Description: pasted}) }},
		"an owner":              {"owner", func() error { return create(manage.NewKey{Name: "a key", Owner: pasted}) }},
		"metadata":              {"metadata", func() error { return create(manage.NewKey{Name: "a key", Metadata: map[string]string{"a": pasted}}) }},
		"an edited description": {"description", func() error { return edit(manage.KeyEdit{Description: manage.Stated(pasted)}) }},
		"edited metadata":       {"metadata", func() error { return edit(manage.KeyEdit{Metadata: manage.Stated(map[string]string{"a": pasted})}) }},
		"an edit's reason":      {"reason", func() error { return edit(manage.KeyEdit{Reason: pasted}) }},
		"a rotation's reason": {"reason", func() error {
			_, err := f.RotateKey(t.Context(), f.op, key.ID, manage.Rotation{Reason: pasted})
			return err
		}},
		"a revocation's reason": {"reason", func() error {
			_, err := f.RevokeKey(t.Context(), f.op, key.ID, manage.Revocation{Reason: pasted})
			return err
		}},
	} {
		f.changesNothing(t, "default", func(context.Context) {
			err := attempt.of()
			t.Run(what, func(t *testing.T) { wantRefusal(t, err, problem.InvalidRequest, attempt.param) })
			if err != nil && strings.Contains(err.Error(), key.Secret.Reveal()) {
				t.Errorf("%s: repeated: %v", what, err)
			}
		})
	}
}
