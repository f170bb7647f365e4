-- Lists of keys come from an index in their order, and filters from the index
-- as well: rows are read for what is shown. The order of each is that of the
-- lists turned round, since new keys fill an index better from its end.

-- +goose Up
DROP INDEX keys_by_creation;
CREATE INDEX keys_listed ON keys (workspace, created_at, id DESC, status, environment, expires_at, search);
CREATE INDEX keys_by_owner ON keys (workspace, owner, created_at, id DESC, status, environment, expires_at) WHERE owner <> '';
DROP INDEX keys_by_project;
CREATE INDEX keys_by_project ON keys (workspace, project, created_at, id DESC, status, environment, expires_at) WHERE project <> '';
CREATE INDEX keys_by_environment ON keys (workspace, environment, created_at, id DESC, status, expires_at);
CREATE INDEX keys_by_status ON keys (workspace, status, created_at, id DESC, environment, expires_at) WHERE status <> 'active';

-- What keys are looked for by, in parts of three characters, and what parts
-- there are. It only ever says which keys may be meant: that a text is part of
-- theirs is seen from search. Two characters that end each text make a part
-- begin wherever a character stands. Keys have numbers of their own here, since
-- those of their rows may change, beside what puts them in order.
CREATE TABLE key_numbers (
	seq        INTEGER NOT NULL PRIMARY KEY,
	id         TEXT    NOT NULL UNIQUE,
	workspace  TEXT    NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;
CREATE VIRTUAL TABLE key_words USING fts5 (
	search, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE key_parts USING fts5vocab ('key_words', 'row');
INSERT INTO key_numbers (id, workspace, created_at) SELECT id, workspace, created_at FROM keys;
INSERT INTO key_words (rowid, search) SELECT n.seq, k.search || char(31, 31) FROM key_numbers AS n JOIN keys AS k ON k.id = n.id;
-- +goose StatementBegin
CREATE TRIGGER keys_get_words AFTER INSERT ON keys
BEGIN
	INSERT INTO key_numbers (id, workspace, created_at) VALUES (new.id, new.workspace, new.created_at);
	INSERT INTO key_words (rowid, search) SELECT seq, new.search || char(31, 31) FROM key_numbers WHERE id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER keys_change_words AFTER UPDATE OF search ON keys WHEN new.search <> old.search
BEGIN
	INSERT INTO key_words (key_words, rowid, search) SELECT 'delete', seq, old.search || char(31, 31) FROM key_numbers WHERE id = new.id;
	INSERT INTO key_words (rowid, search) SELECT seq, new.search || char(31, 31) FROM key_numbers WHERE id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER keys_lose_words AFTER DELETE ON keys
BEGIN
	INSERT INTO key_words (key_words, rowid, search) SELECT 'delete', seq, old.search || char(31, 31) FROM key_numbers WHERE id = old.id;
	DELETE FROM key_numbers WHERE id = old.id;
END;
-- +goose StatementEnd
