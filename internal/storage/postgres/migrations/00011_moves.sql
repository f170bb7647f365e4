-- A migration into another store, on either side of it: 'from' stands in the
-- store that is left, 'to' in the one that is filled. While one isn't done,
-- nothing changes but usage and the audit trail.

-- +goose Up
CREATE TABLE moves (
	role   text    COLLATE "C" NOT NULL PRIMARY KEY,
	id     text    COLLATE "C" NOT NULL,
	since  bigint  NOT NULL,
	trail  bigint  NOT NULL, -- the last entry of the trail that is known to have been brought over
	done   boolean NOT NULL,
	holder text    COLLATE "C" NOT NULL, -- the run that fills the store; empty: none
	beats  bigint  NOT NULL
);

-- Usage that was flushed since a migration from here began, batch by batch.
CREATE TABLE late_usage (
	incarnation text   COLLATE "C" NOT NULL,
	sequence    bigint NOT NULL,
	batch       bytea  NOT NULL,
	PRIMARY KEY (incarnation, sequence)
);
