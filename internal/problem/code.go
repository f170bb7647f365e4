// Package problem is the table of everything Keystile can answer besides the
// upstream's own answers: one row for each code, with its status, its type and
// its words. Documents, metric labels, the OpenAPI and the tests read the same
// rows.
package problem

//go:generate go test -run TestErrorsPageIsCurrent . -update

// Code is the stable identifier of one outcome, as clients see it.
type Code string

// The outcomes of a request at the gate.
const (
	AmbiguousPath         Code = "ambiguous_path"
	MultipleCredentials   Code = "multiple_credentials"
	MissingKey            Code = "missing_key"
	MalformedKey          Code = "malformed_key"
	UnknownKey            Code = "unknown_key"
	InactiveKey           Code = "inactive_key"
	RevokedKey            Code = "revoked_key"
	ExpiredKey            Code = "expired_key"
	JWTNotSupported       Code = "jwt_not_supported"
	InsufficientScope     Code = "insufficient_scope"
	ProjectMismatch       Code = "project_mismatch"
	WorkspaceMismatch     Code = "workspace_mismatch"
	EnvironmentNotAllowed Code = "environment_not_allowed"
	IPNotAllowed          Code = "ip_not_allowed"
	RouteNotAllowed       Code = "route_not_allowed"
	RateLimited           Code = "rate_limited"
	QuotaExceeded         Code = "quota_exceeded"
	StoreUnavailable      Code = "store_unavailable"
	LimiterUnavailable    Code = "limiter_unavailable"
)

// The outcomes that only the management API has.
const (
	MissingToken        Code = "missing_token"
	InvalidToken        Code = "invalid_token"
	NotPermitted        Code = "not_permitted"
	InvalidJSON         Code = "invalid_json"
	InvalidRequest      Code = "invalid_request"
	ScopeWidening       Code = "scope_widening"
	ImmutableField      Code = "immutable_field"
	BodyTooLarge        Code = "body_too_large"
	UnsupportedMedia    Code = "unsupported_media_type"
	NotFound            Code = "not_found"
	MethodNotAllowed    Code = "method_not_allowed"
	AlreadyExists       Code = "already_exists"
	PlanLimitReached    Code = "plan_limit_reached"
	RevocationPermanent Code = "revocation_permanent"
	RotationInProgress  Code = "rotation_in_progress"
	KeyNotActive        Code = "key_not_active"
	InUse               Code = "in_use"
	IdempotencyConflict Code = "idempotency_conflict"
	PreconditionFailed  Code = "precondition_failed"
	StoreMoving         Code = "store_moving"
	InternalError       Code = "internal_error"
)

// Type is the family of a code; clients switch on it where the code is too
// fine.
type Type string

// The types.
const (
	InvalidRequestError Type = "invalid_request_error"
	AuthenticationError Type = "authentication_error"
	PermissionError     Type = "permission_error"
	RateLimitError      Type = "rate_limit_error"
	APIError            Type = "api_error"
)

// Part says which side of Keystile gives a code.
type Part int

// The parts.
const (
	Gate       Part = 1 << iota // in front of the upstream
	Management                  // the management API
)
