package manage_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestTheNewKeyHasTheRightsOfTheOldOne(t *testing.T) {
	t.Parallel()
	f, old := edited(t)
	f.advance(time.Minute)
	call := manage.Call{Actor: manage.CommandActor("bob")}
	made, err := f.RotateKey(t.Context(), call, old.ID, manage.Rotation{Grace: "1h", Reason: "it's time"})
	if err != nil {
		t.Fatal(err)
	}
	want := old.KeyView
	want.ID, want.Hint, want.ETag, want.CreatedBy, want.CreatedAt, want.Replaces = made.ID, made.Hint, made.ETag, "bob", start.Add(time.Minute), old.ID
	if diff := cmp.Diff(want, made.KeyView); diff != "" {
		t.Errorf("the new key (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, f.mustShow(t, f.op, made.ID)); diff != "" {
		t.Errorf("the new key as it is shown (-want +got):\n%s", diff)
	}
	if key := f.find(t, made.Secret.Reveal()); key == nil || key.ID != made.ID || key.Lineage != old.ID {
		t.Errorf("the new secret finds %+v", key)
	}

	end := start.Add(time.Minute + time.Hour)
	left := f.mustShow(t, f.op, old.ID)
	want = old.KeyView
	want.ReplacedBy, want.ExpiresAt, want.ETag = made.ID, &end, left.ETag
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("the old key (-want +got):\n%s", diff)
	}
	if key := f.find(t, old.Secret.Reveal()); key == nil || key.ID != old.ID {
		t.Errorf("the old secret finds %+v", key)
	}
}

func TestARotationIsRecordedOnBothKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.mustCreate(t, f.op, manage.NewKey{})
	made, err := f.RotateKey(t.Context(), f.op, old.ID, manage.Rotation{Grace: "30m", Reason: "leaked"})
	if err != nil {
		t.Fatal(err)
	}
	trail := f.audit(t, "default")
	creation, rotation := trail[0], trail[1]
	if rotation.Action != "key.rotate" || rotation.KeyID != old.ID || rotation.Target != string(made.ID) || rotation.Reason != "leaked" {
		t.Errorf("of the old key: %+v", rotation)
	}
	want := changes{"expires_at": {To: start.Add(30 * time.Minute).Format(time.RFC3339Nano)}, "replaced_by": {To: string(made.ID)}}
	if diff := cmp.Diff(want, rotation.Changes); diff != "" {
		t.Errorf("of the old key (-want +got):\n%s", diff)
	}
	if creation.Action != "key.create" || creation.KeyID != made.ID || creation.Changes["replaces"].To != string(old.ID) || creation.Reason != "leaked" {
		t.Errorf("of the new key: %+v", creation)
	}
}

func TestTheOldKeyEndsAfterItsGraceAndNeverLaterThanItWould(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		expires, grace string
		want           time.Duration
	}{
		"unless stated, the most":          {"", "", 36 * time.Hour},
		"at once":                          {"", "0s", 0},
		"after an hour":                    {"", "1h", time.Hour},
		"after the most":                   {"", "1d12h", 36 * time.Hour},
		"before the grace is over":         {"30m", "1h", 30 * time.Minute},
		"unless stated, before that":       {"30m", "", 30 * time.Minute},
		"after its grace, not at its date": {"90d", "1h", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, func(c *manage.Config) { c.RotationGrace = 36 * time.Hour })
			old := f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: row.expires})
			made := f.mustRotate(t, f.op, old.ID, row.grace)
			if diff := cmp.Diff(old.ExpiresAt, made.ExpiresAt); diff != "" {
				t.Errorf("the end of the new key (-want +got):\n%s", diff)
			}
			if got := f.mustShow(t, f.op, old.ID).ExpiresAt; got == nil || got.Sub(start) != row.want {
				t.Errorf("the old key ends at %v, want after %v", got, row.want)
			}
			f.advance(row.want)
			if got := f.mustShow(t, f.op, old.ID).Status; got != keys.Expired {
				t.Errorf("then it is %s", got)
			}
		})
	}
}

func TestRotationsThatAreRefusedChangeNothing(t *testing.T) {
	t.Parallel()
	f := setup(t, reversible)
	alive := f.mustCreate(t, f.op, manage.NewKey{})
	revoked, expired := f.mustCreate(t, f.op, manage.NewKey{}), f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h"})
	f.mustRevoke(t, f.op, revoked.ID)
	f.advance(time.Hour)
	replaced := f.mustCreate(t, f.op, manage.NewKey{})
	successor := f.mustRotate(t, f.op, replaced.ID, "1h")
	for name, row := range map[string]struct {
		id    keys.ID
		ask   manage.Rotation
		code  problem.Code
		param string
	}{
		"a revoked key":           {revoked.ID, manage.Rotation{}, problem.KeyNotActive, ""},
		"an expired key":          {expired.ID, manage.Rotation{}, problem.KeyNotActive, ""},
		"a replaced key":          {replaced.ID, manage.Rotation{}, problem.RotationInProgress, ""},
		"its replacement":         {successor.ID, manage.Rotation{Grace: "0s"}, problem.RotationInProgress, ""},
		"a grace too long":        {alive.ID, manage.Rotation{Grace: "24h1s"}, problem.InvalidRequest, "grace"},
		"a grace that is none":    {alive.ID, manage.Rotation{Grace: "soon"}, problem.InvalidRequest, "grace"},
		"a negative grace":        {alive.ID, manage.Rotation{Grace: "-1h"}, problem.InvalidRequest, "grace"},
		"a reason of two lines":   {alive.ID, manage.Rotation{Reason: "two\nlines"}, problem.InvalidRequest, "reason"},
		"a key that nobody has":   {"key_nobody", manage.Rotation{}, problem.NotFound, ""},
		"what can't be anybody's": {"two words", manage.Rotation{}, problem.NotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := f.holding(t, "default")
			_, err := f.RotateKey(t.Context(), f.op, row.id, row.ask)
			wantRefusal(t, err, row.code, row.param)
			after := f.holding(t, "default")
			if after.Head != before.Head || len(after.Keys) != len(before.Keys) {
				t.Errorf("something was changed")
			}
		})
	}
}

func TestAKeyIsRotatedAgainOnceTheOneBeforeItHasEnded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, f *fixture, old keys.ID){
		"by its grace":  func(_ *testing.T, f *fixture, _ keys.ID) { f.advance(time.Hour) },
		"by revocation": func(t *testing.T, f *fixture, old keys.ID) { f.mustRevoke(t, f.op, old) },
		"by deletion":   func(t *testing.T, f *fixture, old keys.ID) { f.mustDelete(t, f.op, old) },
		"by an earlier end": func(t *testing.T, f *fixture, old keys.ID) {
			f.mustEdit(t, f.op, old, manage.KeyEdit{ExpiresIn: manage.Stated("1s")})
			f.advance(time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			first := f.mustCreate(t, f.op, manage.NewKey{})
			second := f.mustRotate(t, f.op, first.ID, "1h")
			_, err := f.RotateKey(t.Context(), f.op, second.ID, manage.Rotation{})
			wantRefusal(t, err, problem.RotationInProgress, "")
			end(t, f, first.ID)
			third := f.mustRotate(t, f.op, second.ID, "1h")
			if key := f.find(t, third.Secret.Reveal()); key == nil || key.Lineage != first.ID || key.Replaces != second.ID {
				t.Errorf("the third key: %+v", key)
			}
		})
	}
}

func TestAnInactiveKeyRotatesIntoAnInactiveOne(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.mustCreate(t, f.op, manage.NewKey{})
	f.mustEdit(t, f.op, old.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	made := f.mustRotate(t, f.op, old.ID, "1h")
	if left := f.mustShow(t, f.op, old.ID); made.Status != keys.Inactive || left.Status != keys.Inactive {
		t.Errorf("the new key is %s, and the old one %s", made.Status, left.Status)
	}
}

func TestTheEndOfAReplacedKeyOnlyComesNearer(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "90d"})
	successor := f.mustRotate(t, f.op, old.ID, "1h")
	refused := func(what string, edit manage.KeyEdit) {
		t.Helper()
		f.changesNothing(t, "default", func(ctx context.Context) {
			_, err := f.EditKey(ctx, f.op, old.ID, edit)
			t.Log(what)
			wantRefusal(t, err, problem.RotationInProgress, "expires_at")
		})
	}
	later, never := manage.KeyEdit{ExpiresIn: manage.Stated("1h1s")}, manage.KeyEdit{ExpiresAt: null[string]()}
	refused("later", later)
	refused("never", never)
	f.mustEdit(t, f.op, old.ID, manage.KeyEdit{ExpiresIn: manage.Stated("1h")})
	f.mustEdit(t, f.op, old.ID, manage.KeyEdit{ExpiresIn: manage.Stated("30m")})
	refused("as it was first", manage.KeyEdit{ExpiresIn: manage.Stated("1h")})
	f.advance(30 * time.Minute)
	refused("after its end", later)
	f.mustDelete(t, f.op, successor.ID)
	refused("without its replacement", never)
	f.mustEdit(t, f.op, old.ID, manage.KeyEdit{Name: manage.Stated("left behind")})
}

func TestTheNewKeyIsStoredBeforeTheOldOneEnds(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.mustCreate(t, f.op, manage.NewKey{})
	before, err := f.store.Confirm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made := f.mustRotate(t, f.op, old.ID, "0s")
	logged, err := f.store.Changes(t.Context(), before, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(logged) != 2 || logged[0].Name != string(made.ID) || logged[1].Name != string(old.ID) || logged[0].Revision != logged[1].Revision {
		t.Errorf("logged %+v, want %s and %s in one revision", logged, made.ID, old.ID)
	}
	for i, secret := range []keys.Secret{made.Secret, old.Secret} {
		digest, _ := f.hasher.New(secret)
		if diff := cmp.Diff([]keys.Digest{digest}, logged[i].Digests); diff != "" {
			t.Errorf("digests of %s (-want +got):\n%s", logged[i].Name, diff)
		}
		if logged[i].Subject != storage.SubjectKey {
			t.Errorf("logged as a %s", logged[i].Subject)
		}
	}
}
