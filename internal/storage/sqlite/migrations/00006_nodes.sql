-- The gateways that decide by what they have in memory: each says here up to
-- which revision it enforces the log of changes, and for how long (trust, in
-- microseconds) it believes what it knew.

-- +goose Up
CREATE TABLE nodes (
	incarnation TEXT    NOT NULL PRIMARY KEY,
	name        TEXT    NOT NULL,
	applied     INTEGER NOT NULL,
	trust       INTEGER NOT NULL,
	beats       INTEGER NOT NULL,
	doubted     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
