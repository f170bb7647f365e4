package manage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// null is a member that is stated as null.
func null[T any]() manage.Field[T] { return manage.Field[T]{Set: true, Null: true} }

// Each edit also states a good name, which must not be changed.
func TestRefusedEditsChangeNothing(t *testing.T) {
	t.Parallel()
	f, made := edited(t)
	text := func(s string) manage.Field[string] { return manage.Stated(s) }
	list := func(all ...string) manage.Field[[]string] { return manage.Stated(all) }
	for name, row := range map[string]struct {
		edit  manage.KeyEdit
		code  problem.Code
		param string
	}{
		"environment":                  {manage.KeyEdit{Environment: manage.Stated[any]("live")}, problem.ImmutableField, "environment"},
		"project":                      {manage.KeyEdit{Project: null[any]()}, problem.ImmutableField, "project"},
		"kind":                         {manage.KeyEdit{Kind: manage.Stated[any](5)}, problem.ImmutableField, "kind"},
		"workspace":                    {manage.KeyEdit{Workspace: manage.Stated[any]("")}, problem.ImmutableField, "workspace"},
		"name of 2":                    {manage.KeyEdit{Name: text("ab")}, problem.InvalidRequest, "name"},
		"no name":                      {manage.KeyEdit{Name: null[string]()}, problem.InvalidRequest, "name"},
		"name of 101":                  {manage.KeyEdit{Name: text(strings.Repeat("x", 101))}, problem.InvalidRequest, "name"},
		"name of two lines":            {manage.KeyEdit{Name: text("two\nlines")}, problem.InvalidRequest, "name"},
		"description of 1001":          {manage.KeyEdit{Description: text(strings.Repeat("x", 1001))}, problem.InvalidRequest, "description"},
		"101 scopes":                   {manage.KeyEdit{Scopes: list(make([]string, 101)...)}, problem.InvalidRequest, "scopes"},
		"scope twice":                  {manage.KeyEdit{Scopes: list("read", "write", "read")}, problem.InvalidRequest, "scopes"},
		"scope twice that it lacks":    {manage.KeyEdit{Scopes: list("all", "all")}, problem.ScopeWidening, "scopes"},
		"empty scope":                  {manage.KeyEdit{Scopes: list("")}, problem.InvalidRequest, "scopes"},
		"status of no key":             {manage.KeyEdit{Status: manage.Stated(keys.Status("glorious"))}, problem.InvalidRequest, "status"},
		"revoked":                      {manage.KeyEdit{Status: manage.Stated(keys.Revoked)}, problem.InvalidRequest, "status"},
		"expired":                      {manage.KeyEdit{Status: manage.Stated(keys.Expired)}, problem.InvalidRequest, "status"},
		"no status":                    {manage.KeyEdit{Status: null[keys.Status]()}, problem.InvalidRequest, "status"},
		"unknown profile":              {manage.KeyEdit{Profile: text("nobodys")}, problem.InvalidRequest, "profile"},
		"profile that can't be one":    {manage.KeyEdit{Profile: text(strings.Repeat("x", 101))}, problem.InvalidRequest, "profile"},
		"end in the past":              {manage.KeyEdit{ExpiresAt: text("2026-11-22T12:30:15Z")}, problem.InvalidRequest, "expires_at"},
		"end that is no time":          {manage.KeyEdit{ExpiresAt: text("tomorrow")}, problem.InvalidRequest, "expires_at"},
		"empty end":                    {manage.KeyEdit{ExpiresAt: text("")}, problem.InvalidRequest, "expires_at"},
		"end in no time":               {manage.KeyEdit{ExpiresIn: text("0s")}, problem.InvalidRequest, "expires_in"},
		"empty duration":               {manage.KeyEdit{ExpiresIn: text("")}, problem.InvalidRequest, "expires_in"},
		"no duration":                  {manage.KeyEdit{ExpiresIn: null[string]()}, problem.InvalidRequest, "expires_in"},
		"both ends":                    {manage.KeyEdit{ExpiresAt: null[string](), ExpiresIn: text("1d")}, problem.InvalidRequest, "expires_in"},
		"address that is none":         {manage.KeyEdit{AllowedIPs: list("127.0.0.1", "10.0.0.256")}, problem.InvalidRequest, "allowed_ips"},
		"101 addresses":                {manage.KeyEdit{AllowedIPs: list(many(101, func(int) string { return "10.0.0.1" })...)}, problem.InvalidRequest, "allowed_ips"},
		"metadata name with a space":   {manage.KeyEdit{Metadata: manage.Stated(map[string]string{"a b": "c"})}, problem.InvalidRequest, "metadata"},
		"51 metadata entries":          {manage.KeyEdit{Metadata: manage.Stated(numbered(51))}, problem.InvalidRequest, "metadata"},
		"reason of two lines":          {manage.KeyEdit{Reason: "two\nlines"}, problem.InvalidRequest, "reason"},
		"a stale ETag":                 {manage.KeyEdit{IfMatch: manage.Stated(`"stale"`)}, problem.PreconditionFailed, ""},
		"a good part and a bad one":    {manage.KeyEdit{Scopes: list("read"), AllowedIPs: list("nowhere")}, problem.InvalidRequest, "allowed_ips"},
		"a good part and a wider one":  {manage.KeyEdit{Description: text("better words"), Scopes: list("all")}, problem.ScopeWidening, "scopes"},
		"a good part, unknown profile": {manage.KeyEdit{Status: manage.Stated(keys.Inactive), Profile: text("nobodys")}, problem.InvalidRequest, "profile"},
	} {
		t.Run(name, func(t *testing.T) {
			f.changesNothing(t, "default", func(ctx context.Context) {
				if !row.edit.Name.Set {
					row.edit.Name = text("half done")
				}
				_, err := f.EditKey(ctx, f.op, made.ID, row.edit)
				wantRefusal(t, err, row.code, row.param)
			})
		})
	}
}

func TestRevokedKeysComeBackByNoEdit(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		with []func(*manage.Config)
		code problem.Code
	}{
		"permanently": {nil, problem.RevocationPermanent},
		"reversibly":  {[]func(*manage.Config){reversible}, problem.InvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, row.with...)
			made := f.mustCreate(t, f.op, manage.NewKey{})
			f.mustRevoke(t, f.op, made.ID)
			for _, status := range []keys.Status{keys.Active, keys.Inactive} {
				f.changesNothing(t, "default", func(ctx context.Context) {
					_, err := f.EditKey(ctx, f.op, made.ID, manage.KeyEdit{Name: manage.Stated("half done"), Status: manage.Stated(status)})
					wantRefusal(t, err, row.code, "status")
				})
			}
			got := f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Name: manage.Stated("a dead one"), ExpiresIn: manage.Stated("1d")})
			if got.Status != keys.Revoked || got.Name != "a dead one" {
				t.Errorf("edited: %+v", got)
			}
		})
	}
}

func TestExpiredKeysComeBackByALaterEnd(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h"})
	f.advance(time.Hour)
	f.changesNothing(t, "default", func(ctx context.Context) {
		_, err := f.EditKey(ctx, f.op, made.ID, manage.KeyEdit{Status: manage.Stated(keys.Active)})
		wantRefusal(t, err, problem.KeyNotActive, "")
	})
	if got := f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)}); got.Status != keys.Expired {
		t.Errorf("paused after its end it is %s", got.Status)
	}
	if got := f.mustEdit(t, f.op, made.ID, manage.KeyEdit{ExpiresIn: manage.Stated("1h")}); got.Status != keys.Inactive {
		t.Errorf("with a later end it is %s, want inactive, as it was left", got.Status)
	}
	f.advance(time.Hour)
	got := f.mustEdit(t, f.op, made.ID, manage.KeyEdit{ExpiresAt: null[string](), Status: manage.Stated(keys.Active)})
	if got.Status != keys.Active || got.ExpiresAt != nil {
		t.Errorf("without an end it is %s and ends at %v", got.Status, got.ExpiresAt)
	}
}
