// Package servertest runs throw-away servers for tests: PostgreSQL and Redis as
// processes of their own, on free ports of loopback, with their data in a
// folder that goes with them; and any other program, in a folder of the test's.
package servertest
