-- The audit trail is listed by time, and by what it says. Keys of a project
-- may read what is about the project's keys.

-- +goose Up
DROP TRIGGER audit_keeps_words;
ALTER TABLE audit ADD COLUMN project TEXT NOT NULL DEFAULT '';
UPDATE audit SET project = COALESCE((SELECT o.project FROM usage_owners AS o WHERE o.key_id = audit.key_id), '')
WHERE key_id <> '';
-- +goose StatementBegin
CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
-- +goose StatementEnd

-- seq, as the number of the row, ends each of these.
DROP INDEX audit_by_workspace;
CREATE INDEX audit_by_time ON audit (workspace, time);
CREATE INDEX audit_by_actor ON audit (workspace, actor, time);
CREATE INDEX audit_by_action ON audit (workspace, action, time);
CREATE INDEX audit_by_key ON audit (workspace, key_id, time) WHERE key_id <> '';
CREATE INDEX audit_by_project ON audit (workspace, project, time) WHERE project <> '';

-- What calls with an idempotency key made. Key and request are hashes: whoever
-- calls may have put anything there.
CREATE TABLE creations (
	caller    TEXT    NOT NULL,
	key       BLOB    NOT NULL,
	operation TEXT    NOT NULL,
	request   BLOB    NOT NULL,
	made      TEXT    NOT NULL,
	time      INTEGER NOT NULL,
	PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX creations_by_time ON creations (time);
