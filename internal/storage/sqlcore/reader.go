package sqlcore

import "github.com/keystile/keystile/internal/storage"

// Reader implements storage.Reader on one transaction.
type Reader struct {
	*Session
	onCorrupt func(id string, err error)
}

var _ storage.Reader = (*Reader)(nil)

// NewReader reads by a session. Who is registered with onCorrupt hears of
// damaged rows that are left out.
func NewReader(q *Session, onCorrupt func(id string, err error)) *Reader {
	return &Reader{q, onCorrupt}
}

// Transaction implements storage.Tx, and collects what is to be logged.
type Transaction struct {
	Reader
	changes []storage.Change
}

var _ storage.Tx = (*Transaction)(nil)

// NewTransaction reads and changes by a session.
func NewTransaction(q *Session, onCorrupt func(id string, err error)) *Transaction {
	return &Transaction{Reader: Reader{q, onCorrupt}}
}

// log notes a change; its place in the log is given before the commit.
func (t *Transaction) log(c storage.Change) { t.changes = append(t.changes, c) }
