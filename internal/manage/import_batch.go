package manage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// maxSchemes bounds the digests under which a presented secret is looked for.
const maxSchemes = 32

// importTx is what an import needs of a transaction.
type importTx interface {
	storage.Reader
	InsertKey(ctx context.Context, key *keys.Key) error
	InsertScheme(ctx context.Context, s keys.Scheme) error
	AppendAudit(ctx context.Context, e storage.AuditEntry) error
}

// importing is one transaction of an import. What it counts is only true once
// it was committed.
type importing struct {
	*importRun
	tx        importTx
	to        reach
	full      error         // says that the plan allows no more
	most      int           // keys that the workspace's plan allows; 0: any number
	room      int           // keys that it allows beside those that there are
	noPlan    error         // why it can't be told; nil: it can
	schemes   []keys.Scheme // that the store holds
	named     bool          // number is above those of the store's keys
	number    int
	imported  int
	unchanged int
	refused   []RefusedRow
}

// begin reads what every row is held against.
func (r *importRun) begin(ctx context.Context, tx importTx) (*importing, error) {
	b := &importing{importRun: r, tx: tx, number: r.number}
	var err error
	if b.to, err = r.reach(ctx, tx, r.call, r.workspace); err != nil {
		return nil, err
	}
	workspace, err := workspaceExists(ctx, tx, r.workspace)
	if err != nil {
		return nil, err
	}
	if b.schemes, err = tx.Schemes(ctx); err != nil {
		return nil, err
	}
	if b.most, b.noPlan = r.mostKeys(workspace); b.most > 0 {
		n, err := tx.CountKeys(ctx, r.workspace, r.now())
		if err != nil {
			return nil, err
		}
		b.room, b.full = b.most-n, r.planFull(workspace, b.most)
	}
	return b, nil
}

func (b *importing) take(ctx context.Context, rows []ImportRow) error {
	for i := range rows {
		err := b.row(ctx, &rows[i])
		if refused, ok := errors.AsType[*Error](err); ok {
			b.refused = append(b.refused, RefusedRow{rows[i].Line, refused.Problem.Code, refused.Error()})
			err = b.noteRow(ctx, refused)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", rows[i].Line, err)
		}
	}
	return nil
}

// noteRow records that a row asked for what its importer may not give.
func (b *importing) noteRow(ctx context.Context, why *Error) error {
	if why.Problem.Code.Row().Status != http.StatusForbidden {
		return nil
	}
	entry := b.entry(b.call, b.workspace, importAction+".refused")
	entry.Project = b.call.Actor.Project
	return b.tx.AppendAudit(ctx, entry)
}

func (b *importing) row(ctx context.Context, row *ImportRow) error {
	if row.Fault != "" {
		return refuse(problem.InvalidRequest, "", row.Fault)
	}
	of, err := b.identify(row)
	if err != nil {
		return err
	}
	here, err := b.tx.KeyByDigest(ctx, of.candidates)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return b.insert(ctx, row, of)
	case err != nil:
		return err
	}
	if err := b.compare(row, here); err != nil {
		return err
	}
	b.unchanged++
	return nil
}

// insert makes a key as CreateKey does, save for its secret.
func (b *importing) insert(ctx context.Context, row *ImportRow, of identity) error {
	key, err := b.draft(b.to.inherit(row.Ask), b.call.Actor.Name, b.workspace)
	if err != nil {
		return err
	}
	b.to.bequeath(key)
	if err := b.to.grant(key); err != nil {
		return err
	}
	key.Digest, key.Pepper, key.Hint = of.digest, of.pepper, of.hint
	if err := cataloguesKnow(ctx, b.tx, key); err != nil {
		return err
	}
	switch {
	case b.noPlan != nil:
		return b.noPlan
	case b.most > 0 && b.room <= 0:
		return b.full
	}
	if err := b.name(ctx, key); err != nil {
		return err
	}
	if err := b.keepScheme(ctx, of.scheme); err != nil {
		return err
	}
	if err := b.tx.InsertKey(ctx, key); err != nil {
		return err
	}
	entry := b.entryOf(b.call, importAction, key)
	entry.Changes = changesOfNew(key)
	if err := b.tx.AppendAudit(ctx, entry); err != nil {
		return err
	}
	b.room--
	b.imported++
	return nil
}

// name counts on from the first name that is looked for: keys that are made at
// one time are in no order that a look could rely on.
func (b *importing) name(ctx context.Context, key *keys.Key) error {
	if key.Name != "" {
		return nil
	}
	if !b.named {
		next, err := nextNumber(ctx, b.tx, key)
		if err != nil {
			return err
		}
		b.number, b.named = max(b.number, next-1), true
	}
	b.number++
	key.Name = namePrefix + strconv.Itoa(b.number)
	return nil
}

// keepScheme lets gates know how the digest was made.
func (b *importing) keepScheme(ctx context.Context, s keys.Scheme) error {
	if s.Algorithm == "" || b.hasher.Makes(s) {
		return nil
	}
	for _, known := range b.schemes {
		if known.Same(s) {
			return nil
		}
	}
	if len(b.schemes) >= maxSchemes {
		return refuse(Unsupported, "algorithm", fmt.Sprintf("This store holds digests of %d other systems already, which is the most.", maxSchemes))
	}
	s.ID = keys.NewSchemeID()
	if err := b.tx.InsertScheme(ctx, s); err != nil {
		return err
	}
	b.schemes = append(b.schemes, s)
	entry := b.entry(b.call, b.workspace, "scheme.create")
	entry.Target, entry.Changes = s.ID, map[string]storage.FieldChange{"algorithm": {To: s.Algorithm}}
	return b.tx.AppendAudit(ctx, entry)
}
