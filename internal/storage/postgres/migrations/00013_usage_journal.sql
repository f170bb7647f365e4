-- Large batches of usage as they were flushed, until their cells are put into
-- the sums together: since is when they came, format how they are packed (0: they
-- can't be read), amount how many cells they have.

-- +goose Up
CREATE TABLE usage_journal (
	seq     bigint  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	since   bigint  NOT NULL,
	format  bigint  NOT NULL,
	amount  bigint  NOT NULL,
	cells   bytea   NOT NULL
);
-- What is packed already isn't worth packing once more.
ALTER TABLE usage_journal ALTER COLUMN cells SET STORAGE EXTERNAL;
