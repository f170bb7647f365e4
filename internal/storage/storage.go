// Package storage is the contract between Keystile and what persists: keys,
// workspaces, projects, tokens, the audit trail, usage, and the log of changes
// by which every node learns of what the others did. One suite, storagetest,
// proves it for each driver.
package storage

import (
	"context"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Sentinel errors. Drivers translate their own errors into these in one
// place; whatever is none of them means that the store could not tell.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrExists: a unique name, ID or digest is taken.
	ErrExists = errors.New("already exists")
	// ErrGap: the change log no longer holds the position that was asked for
	// (restored from a backup, pruned): whoever followed it must start anew.
	ErrGap = errors.New("change log has a gap")
	// ErrUnreachable: nobody answers where the store is said to be, or nobody
	// who could yet. It may help to ask again later.
	ErrUnreachable = errors.New("nobody answers")
	// ErrDamaged: there is such a row, and it can't mean what it should. It is
	// never read as one with other rights. UpdateKey mends it, and DeleteKey
	// removes it.
	ErrDamaged = errors.New("damaged")
	// ErrOutOfOrder: a usage batch is not the next one of its incarnation.
	ErrOutOfOrder = errors.New("usage batch out of order")
)

// Revision numbers the commits that changed something which decisions depend
// on, from 1, without gaps, in commit order.
type Revision int64

// Position is a place in the change log: a revision and the random ID of its
// row, by which a log that was restored and grew anew is told from the one
// that was followed. The zero Position is before the first change.
type Position struct {
	Revision Revision
	ID       string
}

// Subject says what a change was about.
type Subject string

// The subjects.
const (
	SubjectKey       Subject = "key"
	SubjectWorkspace Subject = "workspace"
	SubjectProject   Subject = "project"
	SubjectToken     Subject = "token"
	SubjectScheme    Subject = "scheme"
)

// Change is one row of the log.
type Change struct {
	Position
	Subject Subject
	Name    string        // ID of a key, token or scheme, or the name of a workspace or project
	Digests []keys.Digest // under which the key or token could be cached
}

// News are what a driver was told before it asked: the changes of one revision,
// and the position that they follow. The zero News say nothing of what changed.
type News struct {
	After Position
	// Changes are under the revision after that, without an ID, and their digests
	// are no more than tails (keys.DigestOfTail).
	Changes []Change
}

// Lookup is what the store knows about a presented secret, as of Revision.
// Key is nil where no key has any of the digests: absent, which is an answer.
type Lookup struct {
	Key      *keys.Key
	Revision Revision
	// NewestScheme is the ID of the scheme that was inserted last; empty where
	// there is none. Whoever made the digests without it asked for too few.
	NewestScheme string
}

// Catalogue is what many keys share, as of Revision.
type Catalogue struct {
	Revision   Revision
	Workspaces []Workspace
	Projects   []Project
}

// Workspace is a tenant.
type Workspace struct {
	Name      string
	Plan      string // empty: the default plan
	CreatedAt time.Time
}

// Project is a division of a workspace. A name is one project's, whatever the
// workspace: it is what the path of a request names.
type Project struct {
	Name      string
	Workspace string
	CreatedAt time.Time
}

// DefaultWorkspace is always there.
const DefaultWorkspace = "default"

// Store persists. Every method may be called concurrently, honours the
// context's end, and returns either a sentinel of this package (wrapped) or an
// error that means "could not tell". Times are UTC with microseconds.
type Store interface {
	Registry

	// Migrate brings the schema to this version, creating it where there is
	// none, together with DefaultWorkspace. Calling it again changes nothing;
	// nodes that start at once run it once. ErrUnreachable where it did nothing
	// because nobody answered.
	Migrate(ctx context.Context) error

	// Missing is how many migrations Migrate would apply. It changes nothing.
	Missing(ctx context.Context) (int, error)
	// Clock is the time of the store's machine; the zero time where that is
	// this one.
	Clock(ctx context.Context) (time.Time, error)

	// Lookup finds the key that is stored under one of digests, the first one
	// that has a key, and the revision of the very snapshot that it was read
	// in. It doesn't fill the key's use (see UsageTotals). See Finder.
	Lookup(ctx context.Context, digests []keys.Digest) (Lookup, error)
	// Catalogue reads workspaces and projects, and the revision of the very
	// snapshot that they were read in.
	Catalogue(ctx context.Context) (Catalogue, error)

	// Confirm asks the store whether anything changed, and returns the head
	// of the change log: no older than any commit that returned before the
	// call. It is cheap; so is Attend, which is called every PollInterval.
	Confirm(ctx context.Context) (Position, error)
	// PollInterval is how often Attend is to be called.
	PollInterval() time.Duration
	// OnNews registers a function that is called when there may be news, by a
	// driver that hears of them before it is asked; others never call it. It
	// may be called for nothing, concurrently, and must not block; what isn't
	// heard is found by asking. It is called before Migrate, after which a
	// driver begins to listen.
	OnNews(fn func(News))
	// Changes returns at most limit changes after a position, oldest first;
	// ErrGap where that position is not in the log any more. Each change has
	// an ID of its own, so that a revision of many can be read in parts.
	Changes(ctx context.Context, after Position, limit int) ([]Change, error)

	// View runs fn on one snapshot. Usage that was flushed before is in the sums,
	// unless that can't be had and needn't be (UsageOf.Whole). fn may be run
	// again, so it sets what it finds and never adds to it.
	View(ctx context.Context, fn func(Reader) error) error
	// Glance is View for one question, and cheaper: two may be answered of two
	// snapshots.
	Glance(ctx context.Context, fn func(Reader) error) error
	// Update runs fn in one transaction that excludes other Updates, and
	// commits when fn returns nil. What fn changed is written to the log in
	// the same transaction under one revision, which is returned. fn may be run
	// again, where a transaction came to nothing that may succeed now. Where the
	// outcome of the commit is unknown, the error is none of the sentinels.
	Update(ctx context.Context, fn func(Tx) error) (Revision, error)
	// OnCommit registers a function that Update calls with its changes after
	// the last statement and before the commit is sent: who caches what is
	// about to change stops trusting it here. It is called before first use.
	OnCommit(fn func([]Change))

	// ApplyUsage adds a batch to the sums, and remembers (incarnation,
	// sequence) in the same transaction. A sequence that was applied already
	// changes nothing and returns nil; one that is not the next: ErrOutOfOrder.
	// A cell whose key is gone is kept all the same.
	ApplyUsage(ctx context.Context, batch UsageBatch) error

	// PruneUsage removes old usage, a little at a time, so that no other writer
	// waits for long: it is called until more is false, and then goes on from
	// the start. UsageTotals stay as they are, and nobody hears of a change.
	PruneUsage(ctx context.Context, p UsagePrune) (more bool, err error)

	// RollUpUsage puts the hours of old days together, a little at a time: it is
	// called until more is false. All sums stay what they were, and nobody hears
	// of a change.
	RollUpUsage(ctx context.Context, r UsageRollUp) (more bool, err error)

	// Close releases what the store holds. Calling it again is harmless.
	Close() error
}

// Reader reads on one snapshot.
type Reader interface {
	NodeReader

	Key(ctx context.Context, id keys.ID) (*keys.Key, error)
	// KeyByDigest finds the key that is stored under one of digests, the first
	// one that has a key.
	KeyByDigest(ctx context.Context, digests []keys.Digest) (*keys.Key, error)
	// Keys lists by descending creation (then ascending ID) what fits the filter.
	// Rows that can't be read are left out, and are no reason to fail: a page
	// is shorter than the limit only where it is the last.
	Keys(ctx context.Context, filter KeyFilter) ([]keys.Key, error)
	// CountKeys counts a workspace's keys that are neither revoked nor
	// expired at now; a key and the one that replaces it count once.
	CountKeys(ctx context.Context, workspace string, now time.Time) (int, error)
	// CountListed counts what fits a filter, up to a most; where the list
	// begins, ends and how it is ordered doesn't matter.
	CountListed(ctx context.Context, filter KeyFilter, most int) (int, error)

	Workspace(ctx context.Context, name string) (Workspace, error)
	Workspaces(ctx context.Context) ([]Workspace, error)
	Project(ctx context.Context, workspace, name string) (Project, error)
	Projects(ctx context.Context, workspace string) ([]Project, error)
	// ProjectInUse reports whether a key of the workspace that is neither
	// revoked nor expired at now belongs to the project.
	ProjectInUse(ctx context.Context, workspace, name string, now time.Time) (bool, error)

	ProfileReader

	Token(ctx context.Context, id string) (*keys.Token, error)
	TokenByDigest(ctx context.Context, digest keys.Digest) (*keys.Token, error)
	// Tokens lists a workspace's tokens; "" lists the operators'.
	Tokens(ctx context.Context, workspace string) ([]keys.Token, error)

	// Schemes lists them in the order in which they were inserted.
	Schemes(ctx context.Context) ([]keys.Scheme, error)
	// Peppers counts the keys that are neither revoked nor expired at now, and
	// the tokens that are not expired, by the pepper of their digests. Those
	// without one are left out.
	Peppers(ctx context.Context, now time.Time) (map[keys.PepperID]int, error)

	AuditReader

	// UsageTotals returns what was counted for each of ids; keys that were
	// never used are left out.
	UsageTotals(ctx context.Context, ids []keys.ID) (map[keys.ID]UsageTotal, error)
	// UsageCost sums up the cost of allowed calls since the start of an hour.
	UsageCost(ctx context.Context, of UsageOf, since time.Time) (int64, error)
	// UsageCells returns a key's cells with from ≤ hour < to; zero times are
	// no bound.
	UsageCells(ctx context.Context, id keys.ID, from, to time.Time) ([]UsageCell, error)
	// Observed adds up what would have been denied since the start of an hour,
	// by key, endpoint and outcome, the most first, at most limit; Hour is zero.
	// It looks at each key that was ever used.
	Observed(ctx context.Context, since time.Time, limit int) ([]UsageCell, error)
	// UsageSums adds up the usage of a workspace's keys: hours in their order,
	// the others by allowed calls, the most first.
	UsageSums(ctx context.Context, of UsageSumOf) ([]UsageSum, error)
	// Activity returns a key's latest calls as far as they are noted, newest
	// first, at most limit.
	Activity(ctx context.Context, id keys.ID, limit int) ([]NotedCall, error)
	// Denial finds one by the request's ID, as far as it is noted.
	Denial(ctx context.Context, requestID string) (Denial, error)
	// UsageOwner says whose the usage of a key is. It answers for deleted keys
	// too, for as long as their usage is kept.
	UsageOwner(ctx context.Context, id keys.ID) (UsageOwner, error)
}

// Tx reads and changes in one transaction. Its sums of usage may lack what was
// flushed last. A sentinel is an answer: what was
// asked for didn't happen, and the transaction can go on. After any other
// error it can't, even where fn passes over it: Update fails.
type Tx interface {
	Reader
	NodeWriter

	InsertKey(ctx context.Context, key *keys.Key) error
	UpdateKey(ctx context.Context, key *keys.Key) error
	// DeleteKey removes a key for good. Its usage and its audit trail stay, and
	// go on counting; its digest may be used anew. Keys that name it as what
	// they replace, or are replaced by, go on naming it.
	DeleteKey(ctx context.Context, id keys.ID) error
	InsertWorkspace(ctx context.Context, w Workspace) error
	// UpdateWorkspace changes the plan of the workspace of that name.
	UpdateWorkspace(ctx context.Context, w Workspace) error
	InsertProject(ctx context.Context, p Project) error
	// DeleteProject doesn't look whether a key belongs to it. From then on any
	// workspace may have the name.
	DeleteProject(ctx context.Context, workspace, name string) error
	ProfileWriter
	InsertToken(ctx context.Context, t *keys.Token) error
	DeleteToken(ctx context.Context, workspace, id string) error
	// InsertScheme: from here on, keys may be stored under its digests. A
	// scheme stays for good.
	InsertScheme(ctx context.Context, s keys.Scheme) error
	// AppendAudit writes with the transaction's last words: Update fails where
	// the ID is taken.
	AppendAudit(ctx context.Context, e AuditEntry) error
	CreationStore
}
