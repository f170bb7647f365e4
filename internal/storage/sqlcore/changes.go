package sqlcore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var errNoHead = errors.New("the head of the change log is missing")

// LostHead keeps a head that isn't there from being taken for an answer.
func LostHead(err error) error {
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, storage.ErrNotFound) {
		return errNoHead
	}
	return err
}

// Head reads the head of the change log. One that isn't there is a fault.
func (q *Session) Head(ctx context.Context) (storage.Position, error) {
	var head storage.Position
	err := q.Row(ctx, `SELECT revision, id FROM head`, nil, &head.Revision, &head.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return head, q.note(errNoHead)
	}
	return head, err
}

// Revision reads the revision of the head alone.
func (q *Session) Revision(ctx context.Context) (storage.Revision, error) {
	head, err := q.Head(ctx)
	return head.Revision, err
}

// Name gives each of a transaction's changes its ID, and returns them. A driver
// gives them their revision (Logged), and logs them under it.
func (t *Transaction) Name() []storage.Change {
	for i := range t.changes {
		t.changes[i].ID = rand.Text()
	}
	return t.changes
}

// Changes is storage.Store's, on a snapshot whose head is known.
func Changes(ctx context.Context, q *Session, head, after storage.Position, limit int) ([]storage.Change, error) {
	ordinal, err := find(ctx, q, head, after)
	if err != nil {
		return nil, err
	}
	return Collect(ctx, q, `SELECT revision, id, subject, name, digests FROM change_log
		WHERE (revision, ordinal) > (?, ?) ORDER BY revision, ordinal LIMIT ?`,
		[]any{after.Revision, ordinal, max(limit, 0)}, ScanChange)
}

// find returns the ordinal of a position within its revision. The start of the
// log is in it for as long as the first revision is.
func find(ctx context.Context, q *Session, head, at storage.Position) (int64, error) {
	if at == (storage.Position{}) && head == at {
		return 0, nil
	}
	query, args := `SELECT ordinal FROM change_log WHERE revision = ? AND id = ?`, []any{at.Revision, at.ID}
	if at == (storage.Position{}) {
		query, args = `SELECT ordinal FROM change_log WHERE revision = 1 AND ordinal = 0`, nil
	}
	var ordinal int64
	err := q.Row(ctx, query, args, &ordinal)
	if errors.Is(err, storage.ErrNotFound) {
		return 0, storage.ErrGap
	}
	return ordinal, err
}

// ScanChange reads one change: its revision, ID, subject, name and digests.
func ScanChange(row Scan) (storage.Change, error) {
	var c storage.Change
	var digests []byte
	if err := row(&c.Revision, &c.ID, &c.Subject, &c.Name, &digests); err != nil {
		return c, err
	}
	var err error
	// A row that can't be read must not be passed over: somebody would go on
	// trusting what it was about.
	if c.Digests, err = splitDigests(digests); err != nil {
		return c, &CorruptionError{"the log's entry", c.ID, err}
	}
	return c, nil
}

// JoinDigests writes digests as the log holds them: one behind the other.
func JoinDigests(digests []keys.Digest) []byte {
	out := make([]byte, 0, len(digests)*len(keys.Digest{}))
	for _, d := range digests {
		out = append(out, d[:]...)
	}
	return out
}

func splitDigests(raw []byte) ([]keys.Digest, error) {
	const size = len(keys.Digest{})
	if len(raw)%size != 0 {
		return nil, fmt.Errorf("%d bytes are no digests", len(raw))
	}
	var digests []keys.Digest
	for ; len(raw) > 0; raw = raw[size:] {
		digests = append(digests, keys.Digest(raw[:size]))
	}
	return digests, nil
}
