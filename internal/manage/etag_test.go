package manage_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestIfMatchHoldsAsRFC9110Says(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{})
	if !regexp.MustCompile(`^"[0-9a-f]{32}"$`).MatchString(made.ETag) {
		t.Fatalf("%s is no strong entity tag", made.ETag)
	}
	for header, holds := range map[string]bool{
		made.ETag: true, "*": true, " * ": true,
		`"a", ` + made.ETag: true, made.ETag + `,"b"`: true, `"a,b" ,` + made.ETag: true, `,, ` + made.ETag + ` ,`: true, `W/"a",` + made.ETag: true,
		`"a"`: false, "W/" + made.ETag: false, made.ETag[1:33]: false, made.ETag[:33]: false, `"a, ` + made.ETag: false,
		`"a" ` + made.ETag: false, `"*"`: false, `*, "a"`: false, `a, ` + made.ETag: false, "": false, " ": false, ",": false, `""`: false,
	} {
		_, err := f.EditKey(t.Context(), f.op, made.ID, manage.KeyEdit{IfMatch: manage.Stated(header)})
		if holds && err != nil {
			t.Errorf("If-Match: %s: %v", header, err)
		} else if !holds {
			t.Run(header, func(t *testing.T) { wantRefusal(t, err, problem.PreconditionFailed, "") })
		}
	}
}

func TestOfTwoEditsByTheSameETagOneIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{})
	errs := make(chan error)
	for _, name := range []string{"one name", "another name"} {
		go func() {
			_, err := f.EditKey(t.Context(), f.op, made.ID, manage.KeyEdit{Name: manage.Stated(name), IfMatch: manage.Stated(made.ETag)})
			errs <- err
		}()
	}
	one, other := <-errs, <-errs
	if one == nil {
		one, other = other, one
	}
	wantRefusal(t, one, problem.PreconditionFailed, "")
	if other != nil {
		t.Error(other)
	}
}

func TestETagFollowsTheRecordAndNothingElse(t *testing.T) {
	t.Parallel()
	f := setup(t, reversible)
	made := f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h", Scopes: []string{}, AllowedIPs: []string{}, Metadata: map[string]string{}})
	if twin := f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h"}); twin.ETag == made.ETag {
		t.Error("two keys have one ETag")
	}
	f.count(t, storage.UsageCell{KeyID: made.ID, Hour: start.Truncate(time.Hour), Endpoint: "GET /a", Outcome: "2xx", Count: 7, Last: start})
	f.advance(2 * time.Hour)
	if shown := f.mustShow(t, f.op, made.ID); shown.ETag != made.ETag || shown.TotalCalls != 7 || shown.Status != keys.Expired {
		t.Errorf("use and time changed the ETag %s to %s", made.ETag, shown.ETag)
	}
	seen := map[string]string{made.ETag: "the creation"}
	next := func(what string) {
		t.Helper()
		tag := f.mustShow(t, f.op, made.ID).ETag
		if before, there := seen[tag]; there {
			t.Errorf("after %s the ETag is that of %s", what, before)
		}
		seen[tag] = what
	}
	f.mustEdit(t, f.op, made.ID, manage.KeyEdit{ExpiresAt: null[string]()})
	next("a later end")
	f.mustRotate(t, f.op, made.ID, "1h")
	next("a rotation")
	f.mustRevoke(t, f.op, made.ID)
	next("a revocation")
}
