-- The latest requests that gates refused, so that the ID that a caller was told
-- finds them again: of each key, and, with an empty key_id, of all that no key is
-- known of. They go with the key.

-- +goose Up
CREATE TABLE denials (
	seq      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	request  TEXT    NOT NULL,
	key_id   TEXT    NOT NULL,
	time     INTEGER NOT NULL,
	gate     TEXT    NOT NULL,
	method   TEXT    NOT NULL,
	endpoint TEXT    NOT NULL,
	path     TEXT    NOT NULL,
	project  TEXT    NOT NULL,
	code     TEXT    NOT NULL,
	client   TEXT    NOT NULL
) STRICT;
CREATE INDEX denials_by_request ON denials (request);
CREATE INDEX denials_by_key ON denials (key_id, seq);
CREATE INDEX denials_by_time ON denials (time);
-- +goose StatementBegin
CREATE TRIGGER keys_take_denials AFTER DELETE ON keys
BEGIN
	DELETE FROM denials WHERE key_id = old.id;
END;
-- +goose StatementEnd
