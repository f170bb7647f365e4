// Package manage holds the use cases of administration: the whole life of keys,
// what was counted for them and done to them, tokens, workspaces with their
// plans, projects, profiles, and the import of keys from other systems. It lets
// calls in, bounds each to what its actor reaches, and keeps the audit trail. The
// rules live here and nowhere else; the API, the commands and the dashboard call
// them through Service. What a gate decides about a key is asked of the gate.
package manage
