-- Times are microseconds since 1970 in UTC; NULL is none. Lists and maps are
-- JSON, as text: they are checked when a row is read, so a damaged row is found
-- however it came to be, and its neighbours are unharmed. Texts are compared
-- and put in order byte by byte, as the other stores do.

-- +goose Up
CREATE TABLE workspaces (
	name       text   COLLATE "C" NOT NULL PRIMARY KEY,
	plan       text   COLLATE "C" NOT NULL,
	created_at bigint NOT NULL
);

-- A name is one project's, whatever the workspace: it is what the path of a
-- request names.
CREATE TABLE projects (
	name       text   COLLATE "C" NOT NULL PRIMARY KEY,
	workspace  text   COLLATE "C" NOT NULL,
	created_at bigint NOT NULL
);
CREATE INDEX projects_by_workspace ON projects (workspace, name);

-- Profiles are a catalogue of each workspace.
CREATE TABLE profiles (
	workspace  text   COLLATE "C" NOT NULL,
	name       text   COLLATE "C" NOT NULL,
	created_at bigint NOT NULL,
	PRIMARY KEY (workspace, name)
);

-- pepper is the ID of the pepper that a digest was made with, never the
-- pepper. search is what a query is looked for in, in lower case.
CREATE TABLE keys (
	id          text   COLLATE "C" NOT NULL PRIMARY KEY,
	digest      bytea  NOT NULL UNIQUE,
	pepper      text   COLLATE "C" NOT NULL,
	name        text   COLLATE "C" NOT NULL,
	description text   COLLATE "C" NOT NULL,
	hint        text   COLLATE "C" NOT NULL,
	status      text   COLLATE "C" NOT NULL,
	kind        text   COLLATE "C" NOT NULL,
	environment text   COLLATE "C" NOT NULL,
	scopes      text   COLLATE "C" NOT NULL,
	workspace   text   COLLATE "C" NOT NULL,
	project     text   COLLATE "C" NOT NULL,
	owner       text   COLLATE "C" NOT NULL,
	created_by  text   COLLATE "C" NOT NULL,
	created_at  bigint NOT NULL,
	expires_at  bigint,
	profile     text   COLLATE "C" NOT NULL,
	plan        text   COLLATE "C" NOT NULL,
	allowed_ips text   COLLATE "C" NOT NULL,
	metadata    text   COLLATE "C" NOT NULL,
	replaces    text   COLLATE "C" NOT NULL,
	replaced_by text   COLLATE "C" NOT NULL,
	lineage     text   COLLATE "C" NOT NULL,
	search      text   COLLATE "C" NOT NULL
);
-- Lists are made in the order of an index.
CREATE INDEX keys_listed ON keys (workspace, created_at DESC, id);
CREATE INDEX keys_by_owner ON keys (workspace, owner, created_at DESC, id) WHERE owner <> '';
CREATE INDEX keys_by_project ON keys (workspace, project, created_at DESC, id) WHERE project <> '';
CREATE INDEX keys_by_environment ON keys (workspace, environment, created_at DESC, id);
CREATE INDEX keys_by_status ON keys (workspace, status, created_at DESC, id) WHERE status <> 'active';
CREATE INDEX keys_unrevoked ON keys (workspace, expires_at, replaced_by) WHERE status <> 'revoked';
CREATE INDEX keys_by_profile ON keys (workspace, profile) WHERE profile <> '';
CREATE INDEX keys_by_pepper ON keys (pepper, status, expires_at) WHERE pepper <> '';

CREATE TABLE tokens (
	id         text   COLLATE "C" NOT NULL PRIMARY KEY,
	digest     bytea  NOT NULL UNIQUE,
	pepper     text   COLLATE "C" NOT NULL,
	name       text   COLLATE "C" NOT NULL,
	hint       text   COLLATE "C" NOT NULL,
	workspace  text   COLLATE "C" NOT NULL,
	created_by text   COLLATE "C" NOT NULL,
	created_at bigint NOT NULL,
	expires_at bigint
);
CREATE INDEX tokens_by_creation ON tokens (workspace, created_at DESC, id);

-- How the digests of imported keys were made, where a look-up has to know.
-- The order is that of insertion: the newest one tells which there are.
CREATE TABLE schemes (
	seq       bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id        text   COLLATE "C" NOT NULL UNIQUE,
	algorithm text   COLLATE "C" NOT NULL,
	key       bytea  NOT NULL,
	UNIQUE (algorithm, key)
);

CREATE TABLE audit (
	seq       bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id        text   COLLATE "C" NOT NULL UNIQUE,
	time      bigint NOT NULL,
	workspace text   COLLATE "C" NOT NULL,
	project   text   COLLATE "C" NOT NULL,
	actor     text   COLLATE "C" NOT NULL,
	action    text   COLLATE "C" NOT NULL,
	key_id    text   COLLATE "C" NOT NULL,
	target    text   COLLATE "C" NOT NULL,
	changes   text   COLLATE "C" NOT NULL,
	reason    text   COLLATE "C" NOT NULL,
	client    text   COLLATE "C" NOT NULL
);
CREATE INDEX audit_by_time ON audit (workspace, time, seq);
CREATE INDEX audit_by_actor ON audit (workspace, actor, time, seq);
CREATE INDEX audit_by_action ON audit (workspace, action, time, seq);
CREATE INDEX audit_by_key ON audit (workspace, key_id, time, seq) WHERE key_id <> '';
CREATE INDEX audit_by_project ON audit (workspace, project, time, seq) WHERE project <> '';
-- +goose StatementBegin
CREATE FUNCTION keystile_audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the audit trail is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION keystile_audit_is_kept();

-- What calls with an idempotency key made. Key and request are hashes: whoever
-- calls may have put anything there.
CREATE TABLE creations (
	caller    text   COLLATE "C" NOT NULL,
	key       bytea  NOT NULL,
	operation text   COLLATE "C" NOT NULL,
	request   bytea  NOT NULL,
	made      text   COLLATE "C" NOT NULL,
	time      bigint NOT NULL,
	PRIMARY KEY (caller, key)
);
CREATE INDEX creations_by_time ON creations (time);

-- The log of changes. Whoever changes something holds the lock of the head's
-- one row from the start, so revisions are in the order of commits.
CREATE TABLE head (
	one      integer NOT NULL PRIMARY KEY CHECK (one = 1),
	revision bigint  NOT NULL,
	id       text    COLLATE "C" NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE change_log (
	revision bigint  NOT NULL,
	ordinal  integer NOT NULL,
	id       text    COLLATE "C" NOT NULL,
	subject  text    COLLATE "C" NOT NULL,
	name     text    COLLATE "C" NOT NULL,
	digests  bytea   NOT NULL,
	PRIMARY KEY (revision, ordinal)
);

-- The gateways that decide by what they have in memory: each says here up to
-- which revision it enforces the log of changes, and for how long (trust, in
-- microseconds) it believes what it knew.
CREATE TABLE nodes (
	incarnation text    COLLATE "C" NOT NULL PRIMARY KEY,
	name        text    COLLATE "C" NOT NULL,
	applied     bigint  NOT NULL,
	trust       bigint  NOT NULL,
	beats       bigint  NOT NULL,
	doubted     boolean NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE usage_cells (
	key_id   text    COLLATE "C" NOT NULL,
	hour     bigint  NOT NULL,
	endpoint text    COLLATE "C" NOT NULL,
	project  text    COLLATE "C" NOT NULL,
	outcome  text    COLLATE "C" NOT NULL,
	denied   boolean NOT NULL,
	count    bigint  NOT NULL,
	cost     bigint  NOT NULL,
	last     bigint  NOT NULL,
	PRIMARY KEY (key_id, hour, endpoint, project, outcome)
) WITH (fillfactor = 80);
CREATE INDEX usage_cells_by_hour ON usage_cells (hour);
CREATE TABLE usage_totals (
	key_id    text   COLLATE "C" NOT NULL PRIMARY KEY,
	calls     bigint NOT NULL,
	last_used bigint NOT NULL
) WITH (fillfactor = 80);
CREATE TABLE usage_incarnations (
	incarnation text   COLLATE "C" NOT NULL PRIMARY KEY,
	sequence    bigint NOT NULL,
	updated     bigint NOT NULL
) WITH (fillfactor = 50);
-- A workspace may have any number of keys and routes: its sums are kept.
CREATE TABLE workspace_usage (
	workspace   text   COLLATE "C" NOT NULL,
	environment text   COLLATE "C" NOT NULL,
	hour        bigint NOT NULL,
	cost        bigint NOT NULL,
	PRIMARY KEY (workspace, environment, hour)
) WITH (fillfactor = 50);

-- Keys that are deleted count on, so what a key's use counts for is kept apart
-- from the key.
CREATE TABLE usage_owners (
	key_id      text COLLATE "C" NOT NULL PRIMARY KEY,
	lineage     text COLLATE "C" NOT NULL,
	workspace   text COLLATE "C" NOT NULL,
	environment text COLLATE "C" NOT NULL,
	project     text COLLATE "C" NOT NULL
);
CREATE INDEX usage_owners_by_lineage ON usage_owners (lineage, key_id);
-- +goose StatementBegin
CREATE FUNCTION keystile_own_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO usage_owners (key_id, lineage, workspace, environment, project)
	VALUES (new.id, new.lineage, new.workspace, new.environment, new.project)
	ON CONFLICT (key_id) DO NOTHING;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keys_own_usage AFTER INSERT ON keys FOR EACH ROW EXECUTE FUNCTION keystile_own_usage();

-- The latest calls of each key, for whoever looks after it. They go with the
-- key: addresses of clients are nobody's business beyond it.
CREATE TABLE activity (
	seq      bigint  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key_id   text    COLLATE "C" NOT NULL,
	time     bigint  NOT NULL,
	method   text    COLLATE "C" NOT NULL,
	endpoint text    COLLATE "C" NOT NULL,
	status   integer NOT NULL,
	denied   text    COLLATE "C" NOT NULL,
	client   text    COLLATE "C" NOT NULL,
	missed   bigint  NOT NULL
);
CREATE INDEX activity_by_key ON activity (key_id, seq);
-- +goose StatementBegin
CREATE FUNCTION keystile_take_activity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM activity WHERE key_id = old.id;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keys_take_activity AFTER DELETE ON keys FOR EACH ROW EXECUTE FUNCTION keystile_take_activity();

INSERT INTO head (one, revision, id) VALUES (1, 0, '');
INSERT INTO workspaces (name, plan, created_at)
VALUES ('default', '', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
