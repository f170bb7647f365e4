// Package postgres is the store in a PostgreSQL database, which any number of
// nodes share, by the native driver (pgx).
//
// Revisions are in the order of commits: whoever changes something holds the
// lock of the head's row from the start of the transaction to its end. So no
// Update sees another one half done, a count that a plan bounds is still true
// when the transaction commits, and who has seen a revision never sees a
// smaller one appear later. Usage takes no part in that; its writers take turns
// by a lock of their own, since two that add to the same sums in another order
// would wait for each other.
//
// A transaction says to other nodes that it changed something (NOTIFY). They
// hear it on a connection of its own and ask for what is new; what they don't
// hear, they come upon within PollInterval.
//
// What a node believes its memory by (Attend) is a write that a server which
// may commit has acknowledged: one that has been deposed, or was never more
// than a standby, prolongs nothing. For the same reason, what decisions are
// made by is not read from a standby, though it could answer: it may be behind
// by any time. What people look at is.
package postgres
