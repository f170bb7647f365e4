package keys

import (
	"slices"
	"time"
)

// Environment is what a key's calls are for; visible in the prefix and never
// mixed.
type Environment string

// The environments.
const (
	Live Environment = "live"
	Test Environment = "test"
)

// Environments lists them in the order in which they are shown.
var Environments = []Environment{Live, Test}

// Status is the state of a key that is stored or derived.
type Status string

// The statuses. Expired is never stored: it follows from ExpiresAt.
const (
	Active   Status = "active"
	Inactive Status = "inactive"
	Revoked  Status = "revoked"
	Expired  Status = "expired"
)

// Kind says what a key stands for: a person, a project, or a pipeline.
type Kind string

// The kinds.
const (
	Personal Kind = "personal"
	Project  Kind = "project"
	CI       Kind = "ci"
)

// Scopes that every catalogue holds.
const (
	ScopeAll        = "all"
	ScopeManageKeys = "manage:api-keys"
)

// ID is the public, stable name of a key: safe in logs, never enough to
// authenticate.
type ID string

const idChars = 22 // 130 bits

// NewID makes the ID of a new key.
func NewID() ID { return ID("key_" + randomText(idChars)) }

// NewTokenID makes the ID of a new management token.
func NewTokenID() string { return "tok_" + randomText(idChars) }

// Key is the stored record: who it speaks for and what it may do. It never
// contains the secret. All times are UTC; a zero time is none.
type Key struct {
	ID          ID
	Digest      Digest
	Pepper      PepperID // that the digest was made with
	Name        string   // 3 to 100 characters
	Description string
	Hint        string
	Status      Status // as stored: Active, Inactive or Revoked
	Kind        Kind
	Environment Environment
	Scopes      []string
	Workspace   string
	Project     string // empty: all of the workspace
	Owner       string
	CreatedBy   string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	Profile     string
	Plan        string
	AllowedIPs  []string // addresses and CIDR blocks; empty: any
	Metadata    map[string]string
	Replaces    ID
	ReplacedBy  ID
	// Lineage is the first key of a chain of rotations: replacements share
	// the buckets and quotas of what they replace.
	Lineage ID
}

// Expired reports whether the key's end has come. A key that expires at noon
// is refused at noon.
func (k *Key) Expired(now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
}

// StatusAt is the status as everybody sees it.
func (k *Key) StatusAt(now time.Time) Status { return k.Status.Seen(k.Expired(now)) }

// Seen is a stored status as everybody sees it: revoked, then expired, then as
// stored.
func (s Status) Seen(expired bool) Status {
	if s != Revoked && expired {
		return Expired
	}
	return s
}

// Holds reports whether the key carries a scope; "all" holds every scope.
func (k *Key) Holds(scope string) bool { return holds(k.Scopes, scope) }

func holds(scopes []string, scope string) bool {
	return slices.Contains(scopes, scope) || slices.Contains(scopes, ScopeAll)
}

// Token is a management token's record: workspace-wide, or an operator's.
type Token struct {
	ID        string
	Digest    Digest
	Pepper    PepperID // that the digest was made with
	Name      string
	Hint      string
	Workspace string // empty: all workspaces
	CreatedBy string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Expired reports whether the token's end has come.
func (t *Token) Expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}
