-- Large batches of usage as they were flushed, until their cells are put into
-- the sums together: since is when they came, amount how many cells they have.
-- One that can't be read is damaged, and stays.

-- +goose Up
CREATE TABLE usage_journal (
	seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	since   INTEGER NOT NULL,
	amount  INTEGER NOT NULL,
	damaged INTEGER NOT NULL DEFAULT 0,
	cells   BLOB    NOT NULL
) STRICT;
