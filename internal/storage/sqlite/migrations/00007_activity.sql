-- The latest calls of each key, for whoever looks after it. They go with the
-- key: addresses of clients are nobody's business beyond it.

-- +goose Up
CREATE TABLE activity (
	seq      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	key_id   TEXT    NOT NULL,
	time     INTEGER NOT NULL,
	method   TEXT    NOT NULL,
	endpoint TEXT    NOT NULL,
	status   INTEGER NOT NULL,
	denied   TEXT    NOT NULL,
	client   TEXT    NOT NULL,
	missed   INTEGER NOT NULL
) STRICT;
CREATE INDEX activity_by_key ON activity (key_id, seq);
-- +goose StatementBegin
CREATE TRIGGER keys_take_activity AFTER DELETE ON keys
BEGIN
	DELETE FROM activity WHERE key_id = old.id;
END;
-- +goose StatementEnd
