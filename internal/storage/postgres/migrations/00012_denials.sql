-- The latest requests that gates refused, so that the ID that a caller was told
-- finds them again: of each key, and, with an empty key_id, of all that no key is
-- known of. They go with the key.

-- +goose Up
CREATE TABLE denials (
	seq      bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	request  text   COLLATE "C" NOT NULL,
	key_id   text   COLLATE "C" NOT NULL,
	time     bigint NOT NULL,
	gate     text   COLLATE "C" NOT NULL,
	method   text   COLLATE "C" NOT NULL,
	endpoint text   COLLATE "C" NOT NULL,
	path     text   COLLATE "C" NOT NULL,
	project  text   COLLATE "C" NOT NULL,
	code     text   COLLATE "C" NOT NULL,
	client   text   COLLATE "C" NOT NULL
);
CREATE INDEX denials_by_request ON denials (request);
CREATE INDEX denials_by_key ON denials (key_id, seq);
CREATE INDEX denials_by_time ON denials (time);
-- +goose StatementBegin
CREATE FUNCTION keystile_take_denials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM denials WHERE key_id = old.id;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keys_take_denials AFTER DELETE ON keys FOR EACH ROW EXECUTE FUNCTION keystile_take_denials();
