-- Times are microseconds since 1970 in UTC; NULL is none. Lists and maps are
-- JSON. Rights are checked when a row is read, so a damaged row is found
-- however it came to be.

-- +goose Up
CREATE TABLE workspaces (
	name       TEXT    NOT NULL PRIMARY KEY,
	plan       TEXT    NOT NULL,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A name is one project's, whatever the workspace: it is what the path of a
-- request names.
CREATE TABLE projects (
	name       TEXT    NOT NULL PRIMARY KEY,
	workspace  TEXT    NOT NULL,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX projects_by_workspace ON projects (workspace, name);

CREATE TABLE keys (
	id          TEXT    NOT NULL PRIMARY KEY,
	digest      BLOB    NOT NULL UNIQUE,
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	hint        TEXT    NOT NULL,
	status      TEXT    NOT NULL,
	kind        TEXT    NOT NULL,
	environment TEXT    NOT NULL,
	scopes      TEXT    NOT NULL,
	workspace   TEXT    NOT NULL,
	project     TEXT    NOT NULL,
	owner       TEXT    NOT NULL,
	created_by  TEXT    NOT NULL,
	created_at  INTEGER NOT NULL,
	expires_at  INTEGER,
	profile     TEXT    NOT NULL,
	plan        TEXT    NOT NULL,
	allowed_ips TEXT    NOT NULL,
	metadata    TEXT    NOT NULL,
	replaces    TEXT    NOT NULL,
	replaced_by TEXT    NOT NULL,
	lineage     TEXT    NOT NULL,
	-- What a query is looked for in: lower case of every script, which
	-- SQLite's own functions don't know.
	search      TEXT    NOT NULL
) STRICT;
CREATE INDEX keys_by_creation ON keys (workspace, created_at DESC, id);
CREATE INDEX keys_by_lineage ON keys (lineage);
CREATE INDEX keys_unrevoked ON keys (workspace, expires_at, replaced_by) WHERE status <> 'revoked';

CREATE TABLE tokens (
	id         TEXT    NOT NULL PRIMARY KEY,
	digest     BLOB    NOT NULL UNIQUE,
	name       TEXT    NOT NULL,
	hint       TEXT    NOT NULL,
	workspace  TEXT    NOT NULL,
	created_by TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER
) STRICT;
CREATE INDEX tokens_by_creation ON tokens (workspace, created_at DESC, id);

CREATE TABLE audit (
	seq       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	id        TEXT    NOT NULL UNIQUE,
	time      INTEGER NOT NULL,
	workspace TEXT    NOT NULL,
	actor     TEXT    NOT NULL,
	action    TEXT    NOT NULL,
	key_id    TEXT    NOT NULL,
	target    TEXT    NOT NULL,
	changes   TEXT    NOT NULL,
	reason    TEXT    NOT NULL,
	client    TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_by_workspace ON audit (workspace, seq);
-- +goose StatementBegin
CREATE TRIGGER audit_keeps_entries BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
-- +goose StatementEnd

CREATE TABLE head (
	one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	revision INTEGER NOT NULL,
	id       TEXT    NOT NULL
) STRICT;
CREATE TABLE change_log (
	revision INTEGER NOT NULL,
	ordinal  INTEGER NOT NULL,
	id       TEXT    NOT NULL,
	subject  TEXT    NOT NULL,
	name     TEXT    NOT NULL,
	digests  BLOB    NOT NULL,
	PRIMARY KEY (revision, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_cells (
	key_id   TEXT    NOT NULL,
	hour     INTEGER NOT NULL,
	endpoint TEXT    NOT NULL,
	project  TEXT    NOT NULL,
	outcome  TEXT    NOT NULL,
	denied   INTEGER NOT NULL,
	count    INTEGER NOT NULL,
	cost     INTEGER NOT NULL,
	last     INTEGER NOT NULL,
	PRIMARY KEY (key_id, hour, endpoint, project, outcome)
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_totals (
	key_id    TEXT    NOT NULL PRIMARY KEY,
	calls     INTEGER NOT NULL,
	last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_incarnations (
	incarnation TEXT    NOT NULL PRIMARY KEY,
	sequence    INTEGER NOT NULL,
	updated     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO head (one, revision, id) VALUES (1, 0, '');
INSERT INTO workspaces (name, plan, created_at)
VALUES ('default', '', CAST(unixepoch('subsec') * 1000000 AS INTEGER));
