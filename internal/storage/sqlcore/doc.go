// Package sqlcore is what the SQL stores share: the statements of the contract,
// and how rows are read and written. A driver brings connections, transactions,
// its errors, its schema, and a Dialect, which words what the databases word
// differently.
//
// What stays with the drivers, and why: how a transaction begins, takes its
// turn among the writers and gives the changes their place in the log, since
// that is where one file and a server with many clients differ most; the
// look-up of a presented secret, which is the hot read; how keys are listed by
// a text, which is a matter of the indexes that a database has; and the bulk
// statements of usage, which one writes as rows of parameters and the other as
// arrays.
package sqlcore
