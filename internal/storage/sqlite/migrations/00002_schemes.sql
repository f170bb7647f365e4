-- How the digests of imported keys were made, where a look-up has to know.
-- The order is that of insertion: the newest one tells which there are.

-- +goose Up
CREATE TABLE schemes (
	seq       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	id        TEXT    NOT NULL UNIQUE,
	algorithm TEXT    NOT NULL,
	key       BLOB    NOT NULL,
	UNIQUE (algorithm, key)
) STRICT;
