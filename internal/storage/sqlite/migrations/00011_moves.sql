-- A migration into another store, on either side of it: 'from' stands in the
-- store that is left, 'to' in the one that is filled. While one isn't done,
-- nothing changes but usage and the audit trail.

-- +goose Up
CREATE TABLE moves (
	role   TEXT    NOT NULL PRIMARY KEY,
	id     TEXT    NOT NULL,
	since  INTEGER NOT NULL,
	trail  INTEGER NOT NULL, -- the last entry of the trail that is known to have been brought over
	done   INTEGER NOT NULL,
	holder TEXT    NOT NULL, -- the run that fills the store; empty: none
	beats  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Usage that was flushed since a migration from here began, batch by batch.
CREATE TABLE late_usage (
	incarnation TEXT    NOT NULL,
	sequence    INTEGER NOT NULL,
	batch       BLOB    NOT NULL,
	PRIMARY KEY (incarnation, sequence)
) STRICT;
