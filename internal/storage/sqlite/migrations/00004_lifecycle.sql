-- Profiles are a catalogue of each workspace.

-- +goose Up
CREATE TABLE profiles (
	workspace  TEXT    NOT NULL,
	name       TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;

-- What a key names can't be deleted.
CREATE INDEX keys_by_profile ON keys (workspace, profile) WHERE profile <> '';
CREATE INDEX keys_by_project ON keys (workspace, project) WHERE project <> '';

-- Whose the usage of a deleted key is: also of which project.
ALTER TABLE usage_owners ADD COLUMN project TEXT NOT NULL DEFAULT '';
UPDATE usage_owners SET project = COALESCE((SELECT k.project FROM keys AS k WHERE k.id = usage_owners.key_id), '');
DROP TRIGGER keys_own_usage;
-- +goose StatementBegin
CREATE TRIGGER keys_own_usage AFTER INSERT ON keys
BEGIN
	INSERT INTO usage_owners (key_id, lineage, workspace, environment, project)
	VALUES (new.id, new.lineage, new.workspace, new.environment, new.project)
	ON CONFLICT (key_id) DO NOTHING;
END;
-- +goose StatementEnd
