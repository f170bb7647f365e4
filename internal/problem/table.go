package problem

import "net/http"

// Row is what is the same about every occurrence of one code.
type Row struct {
	Code   Code
	Status int
	Type   Type
	Title  string
	// Message is the sentence that the caller reads. {method}, {route}, {carrier},
	// {missing}, {retry_after} and {param} stand for what this occurrence
	// knows; a message never repeats what the client sent besides the method.
	Message string
	// Advice tells the reader of the documentation what to do.
	Advice string
	Parts  Part
}

// Rows is the table, in the order of the documentation: by status, then as a
// request meets them.
var Rows = []Row{
	{
		Code: AmbiguousPath, Status: http.StatusBadRequest, Type: InvalidRequestError, Parts: Gate,
		Title:   "Ambiguous path",
		Message: "The request's target has more than one reading. Send the plain path: no dot segments, no empty segments, no encoded slashes, and a target that starts with a slash.",
		Advice:  "Something between the client and the gate, or the client itself, spells the path in a way that two programs may read differently. Send it in its plain form. A route that needs encoded slashes, such as an object store's, can say `paths loose`.",
	},
	{
		Code: MultipleCredentials, Status: http.StatusBadRequest, Type: InvalidRequestError, Parts: Gate,
		Title:   "More than one credential",
		Message: "The request carries more than one credential. Send exactly one API key.",
		Advice:  "Send the key once, in one place. Look for a proxy or a client library that adds an Authorization header of its own.",
	},
	{
		Code: MissingKey, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Gate,
		Title:   "No API key",
		Message: "This API needs a key, and the request carries none. Send it as {carrier}.",
		Advice:  "Send the key in the place that the message names, usually the header `Authorization: Bearer YOUR_KEY`. If your client does send it, a redirect to another host may have dropped it.",
	},
	{
		Code: MalformedKey, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Gate,
		Title:   "Malformed API key",
		Message: "What the request carries is not an API key of this service: check that the whole key was copied, and that it is sent as {carrier}.",
		Advice:  "The text is not one of this service's keys: cut off, altered, of another service, or sent with another scheme than Bearer. Copy the key again.",
	},
	{
		Code: UnknownKey, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Gate,
		Title:   "Unknown API key",
		Message: "This API key does not exist here. It may have been deleted, or it belongs to another installation of this service.",
		Advice:  "The key is well-formed, but nobody has it. It was deleted, or belongs to another installation, such as staging. Create a new one.",
	},
	{
		Code: RevokedKey, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Gate,
		Title:   "Revoked API key",
		Message: "This API key has been revoked. Use another key.",
		Advice:  "Somebody ended this key on purpose; the audit log says who, when and why. Use another key.",
	},
	{
		Code: ExpiredKey, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Gate,
		Title:   "Expired API key",
		Message: "This API key has expired. Create or rotate to a new one.",
		Advice:  "The key's end date has come, or it was replaced and its grace time is over. Use its replacement, or create a new key.",
	},
	{
		Code: InactiveKey, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Gate,
		Title:   "Inactive API key",
		Message: "This API key is switched off at present. Its owner can activate it again.",
		Advice:  "The key is paused. Whoever manages it can activate it again.",
	},
	{
		Code: JWTNotSupported, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Gate,
		Title:   "JWT instead of an API key",
		Message: "This endpoint takes API keys, and the request carries a JSON Web Token. Send an API key.",
		Advice:  "Replace the token that begins with `ey` by an API key. Some endpoints may take both; this one doesn't.",
	},
	{
		Code: EnvironmentNotAllowed, Status: http.StatusForbidden, Type: PermissionError, Parts: Gate,
		Title:   "Wrong environment",
		Message: "Keys of this environment are not taken here. Use a live key for live endpoints, and a test key for test endpoints.",
		Advice:  "A test key was sent to a live endpoint, or the reverse. The prefix of the key tells which it is.",
	},
	{
		Code: WorkspaceMismatch, Status: http.StatusForbidden, Type: PermissionError, Parts: Gate | Management,
		Title:   "Wrong workspace",
		Message: "This API key belongs to another workspace.",
		Advice:  "The site, or the project in the path, belongs to another workspace than the key. Use a key of that workspace.",
	},
	{
		Code: RouteNotAllowed, Status: http.StatusForbidden, Type: PermissionError, Parts: Gate,
		Title:   "No such route",
		Message: "This API doesn't offer {method} on this path.",
		Advice:  "No route of the configuration lists this method and path, and what is not listed is refused. Check the spelling of the path and the method.",
	},
	{
		Code: ProjectMismatch, Status: http.StatusForbidden, Type: PermissionError, Parts: Gate,
		Title:   "Wrong project",
		Message: "This API key is restricted to one project, and the request is for another.",
		Advice:  "Use a key of the project that is called, or one that isn't restricted to a project.",
	},
	{
		Code: InsufficientScope, Status: http.StatusForbidden, Type: PermissionError, Parts: Gate | Management,
		Title:   "Missing scope",
		Message: "This key may not call {route}: it lacks {missing}.",
		Advice:  "`missing_scopes` names what the key lacks. Scopes of a key can't be widened: create a key that has them.",
	},
	{
		Code: IPNotAllowed, Status: http.StatusForbidden, Type: PermissionError, Parts: Gate | Management,
		Title:   "Address not allowed",
		Message: "This API key can't be used from this address.",
		Advice:  "The key names the addresses that it may be used from. Call from one of them, or have its owner add yours. Behind a proxy, the operator's `trusted_proxies` decides which address counts.",
	},
	{
		Code: RateLimited, Status: http.StatusTooManyRequests, Type: RateLimitError, Parts: Gate,
		Title:   "Too many requests",
		Message: "Too many requests. Try again in {retry_after}.",
		Advice:  "Wait for as many seconds as `Retry-After` says, then go on. `RateLimit` and `X-RateLimit-Remaining` tell beforehand how much is left. Without those two in the answer, it is not about a limit of the key: the configuration bounds how often an address may present keys that the gate hasn't met (`unknown_keys`), and too many of them came from yours, or from a network that shares it. Check that the client sends a key that exists.",
	},
	{
		Code: QuotaExceeded, Status: http.StatusTooManyRequests, Type: RateLimitError, Parts: Gate,
		Title:   "Quota used up",
		Message: "The quota of this period is used up. The next period starts in {retry_after}.",
		Advice:  "Wait for the next period, or ask for a larger plan.",
	},
	{
		Code: StoreUnavailable, Status: http.StatusServiceUnavailable, Type: APIError, Parts: Gate | Management,
		Title:   "Keys can't be checked",
		Message: "API keys can't be checked at present. This says nothing about your key: try again in {retry_after}.",
		Advice:  "The gate can't reach its store of keys. Repeat the request after `Retry-After`; if it lasts, the operator's log says why.",
	},
	{
		Code: LimiterUnavailable, Status: http.StatusServiceUnavailable, Type: APIError, Parts: Gate,
		Title:   "Limits can't be checked",
		Message: "Rate limits can't be checked at present. Try again in {retry_after}.",
		Advice:  "The gate can't reach its limiter, and is configured to refuse in that case: repeat the request after `Retry-After`. Or the plan of the key's workspace is none of the configuration, and there is no default one: the operator's log names it.",
	},
}

// ManagementRows is the rest of the table: what only the management API gives.
var ManagementRows = []Row{
	{
		Code: InvalidJSON, Status: http.StatusBadRequest, Type: InvalidRequestError, Parts: Management,
		Title: "Invalid JSON", Message: "The body is not valid JSON.",
		Advice: "Send a JSON object, with `Content-Type: application/json`.",
	},
	{
		Code: MissingToken, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Management,
		Title: "No management token", Message: "The management API needs a token. Send it as Authorization: Bearer kst_….",
		Advice: "Create a token with `keystile tokens create NAME`.",
	},
	{
		Code: InvalidToken, Status: http.StatusUnauthorized, Type: AuthenticationError, Parts: Management,
		Title: "Invalid management token", Message: "This credential is not good for the management API, which takes management tokens (kst_…) and keys with the scope manage:api-keys.",
		Advice: "The token is malformed, expired or deleted. Create one with `keystile tokens create NAME`.",
	},
	{
		Code: NotPermitted, Status: http.StatusForbidden, Type: PermissionError, Parts: Management,
		Title: "Not permitted", Message: "This credential may not do this.",
		Advice: "Workspaces are managed with an operator's token: `keystile tokens create NAME --all-workspaces`.",
	},
	{
		Code: NotFound, Status: http.StatusNotFound, Type: InvalidRequestError, Parts: Management,
		Title: "Not found", Message: "There is no such thing here.",
		Advice: "Check the ID and the workspace: what belongs to another workspace is not found either.",
	},
	{
		Code: MethodNotAllowed, Status: http.StatusMethodNotAllowed, Type: InvalidRequestError, Parts: Management,
		Title: "Method not allowed", Message: "This path doesn't take this method.",
		Advice: "`GET /v1/openapi.json` lists what each path takes.",
	},
	{
		Code: AlreadyExists, Status: http.StatusConflict, Type: InvalidRequestError, Parts: Management,
		Title: "Already there", Message: "There is one of that name already.",
		Advice: "Choose another name, or use the one that is there.",
	},
	{
		Code: PlanLimitReached, Status: http.StatusConflict, Type: InvalidRequestError, Parts: Management,
		Title: "Plan limit reached", Message: "The workspace has as many keys as its plan allows.",
		Advice: "Revoke or delete a key that is not needed, or change the workspace's plan.",
	},
	{
		Code: RevocationPermanent, Status: http.StatusConflict, Type: InvalidRequestError, Parts: Management,
		Title: "Revoked for good", Message: "A revoked key can't come back. Create a new one.",
		Advice: "`revocation reversible` in the configuration allows it; the default is that revoked means ended.",
	},
	{
		Code: RotationInProgress, Status: http.StatusConflict, Type: InvalidRequestError, Parts: Management,
		Title: "Rotation in progress", Message: "This key is being rotated already.",
		Advice: "Wait until the older key's grace time is over, or end that key. The end of a key that was replaced can only be brought forward.",
	},
	{
		Code: KeyNotActive, Status: http.StatusConflict, Type: InvalidRequestError, Parts: Management,
		Title: "Key has ended", Message: "A key that is revoked or expired can't be rotated.",
		Advice: "Give an expired key a later `expires_at`, or create a new key.",
	},
	{
		Code: InUse, Status: http.StatusConflict, Type: InvalidRequestError, Parts: Management,
		Title: "In use", Message: "Keys name it still.",
		Advice: "Edit or delete the keys that name it, then delete it. A project waits only for keys that are neither revoked nor expired.",
	},
	{
		Code: IdempotencyConflict, Status: http.StatusConflict, Type: InvalidRequestError, Parts: Management,
		Title: "Idempotency key used", Message: "This Idempotency-Key was used with another request.",
		Advice: "Use a new Idempotency-Key for each new request.",
	},
	{
		Code: PreconditionFailed, Status: http.StatusPreconditionFailed, Type: InvalidRequestError, Parts: Management,
		Title: "Changed meanwhile", Message: "The key was changed since it was read: read it again, and send its new ETag.",
		Advice: "Read it again, and repeat the edit with its new ETag.",
	},
	{
		Code: BodyTooLarge, Status: http.StatusRequestEntityTooLarge, Type: InvalidRequestError, Parts: Management,
		Title: "Body too large", Message: "The body is too large.",
		Advice: "Bodies of the management API are at most 1 MiB.",
	},
	{
		Code: UnsupportedMedia, Status: http.StatusUnsupportedMediaType, Type: InvalidRequestError, Parts: Management,
		Title: "Not JSON", Message: "The body must be JSON, in UTF-8 and not compressed: Content-Type: application/json.",
		Advice: "Send `Content-Type: application/json` and no `Content-Encoding`. With curl, `-d` alone announces a form: add `-H 'Content-Type: application/json'`, or use `--json`.",
	},
	{
		Code: InvalidRequest, Status: http.StatusUnprocessableEntity, Type: InvalidRequestError, Parts: Management,
		Title: "Invalid request", Message: "{param} is not valid.",
		Advice: "`param` names the field, and the message says what it takes.",
	},
	{
		Code: ScopeWidening, Status: http.StatusUnprocessableEntity, Type: InvalidRequestError, Parts: Management,
		Title: "Scopes can't be widened", Message: "Scopes of a key can only be taken away: create another key that has them.",
		Advice: "Create a key that has the scopes.",
	},
	{
		Code: ImmutableField, Status: http.StatusUnprocessableEntity, Type: InvalidRequestError, Parts: Management,
		Title: "Field can't be changed", Message: "{param} of a key can't be changed.",
		Advice: "Create a key that has it as you want it.",
	},
	{
		Code: StoreMoving, Status: http.StatusServiceUnavailable, Type: APIError, Parts: Management,
		Title: "Moving to another store", Message: "Nothing can be changed at present: all keys are being moved to another store. Keys work and can be looked at. Changes are taken again where that store is used, or once the move is given up.",
		Advice: "The operator moves all keys to another store with `keystile migrate`. Repeat the change when gates use the new one: until then this one is only read, so that nothing is lost on the way. `keystile migrate --abort` gives the move up.",
	},
	{
		Code: InternalError, Status: http.StatusInternalServerError, Type: APIError, Parts: Management,
		Title: "Internal error", Message: "Something went wrong here. Nothing was changed.",
		Advice: "The operator's log has the reason under the `request_id`.",
	},
}

var byCode = func() map[Code]*Row {
	rows := make(map[Code]*Row, len(Rows)+len(ManagementRows))
	for i := range Rows {
		rows[Rows[i].Code] = &Rows[i]
	}
	for i := range ManagementRows {
		rows[ManagementRows[i].Code] = &ManagementRows[i]
	}
	return rows
}()

// Row returns the code's row. A code without one is answered as an internal
// error, never as nothing.
func (c Code) Row() *Row {
	if row, known := byCode[c]; known {
		return row
	}
	return byCode[InternalError]
}

// All returns every row, the gate's first.
func All() []Row { return append(append([]Row(nil), Rows...), ManagementRows...) }
