package cli

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/scan"
)

// settle fills in whose the secrets are, and ends those that are to end, keys
// before tokens: one of these may be what this very command asks with. Whoever
// fails to answer once isn't asked again, and what was found is told all the
// same.
func (s *scanning) settle(t *task, report *scanReport, finds []*scan.Find) error {
	if s.ask == nil {
		return nil
	}
	for i, f := range finds {
		whose, err := s.ask.LookUpSecret(t.ctx, t.call, manage.SecretQuery{Secret: f.Secret.Reveal()})
		if err != nil {
			return fmt.Errorf("ask whose the secrets are: %w", err)
		}
		report.Found[i].tell(whose)
	}
	if !s.revoke {
		return nil
	}
	for _, kind := range []string{manage.KindKey, manage.KindToken} {
		for _, row := range report.Found {
			if row.Kind != kind || !row.alive() {
				continue
			}
			if err := s.end(t, row); err != nil {
				return fmt.Errorf("revoke %s: %w", row.ID, err)
			}
		}
	}
	return nil
}

// end revokes a key, or deletes a token.
func (s *scanning) end(t *task, row *foundSecret) error {
	call := t.call
	call.Workspace = row.Workspace
	// Its gateways are told even where whoever asks has gone away.
	ctx := context.WithoutCancel(t.ctx)
	if row.Kind == manage.KindToken {
		err := t.service.DeleteToken(ctx, call, row.ID)
		if err == nil {
			row.Status, row.Ended = statusDeleted, true
		}
		return err
	}
	revoked, err := t.service.RevokeKey(ctx, call, keys.ID(row.ID), manage.Revocation{Reason: "found by keystile scan", Wait: s.wait})
	if err != nil {
		return err
	}
	row.Status, row.Ended, row.Receipt = string(revoked.Status), true, &revoked.Receipt
	return nil
}
