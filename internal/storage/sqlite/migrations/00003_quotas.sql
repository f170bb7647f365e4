-- What quotas are summed up from. Keys that are deleted count on, so what a
-- key's use counts for is kept apart from the key.

-- +goose Up
CREATE TABLE usage_owners (
	key_id      TEXT NOT NULL PRIMARY KEY,
	lineage     TEXT NOT NULL,
	workspace   TEXT NOT NULL,
	environment TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_owners_by_lineage ON usage_owners (lineage, key_id);
INSERT INTO usage_owners (key_id, lineage, workspace, environment)
SELECT id, lineage, workspace, environment FROM keys;
-- +goose StatementBegin
CREATE TRIGGER keys_own_usage AFTER INSERT ON keys
BEGIN
	INSERT INTO usage_owners (key_id, lineage, workspace, environment)
	VALUES (new.id, new.lineage, new.workspace, new.environment)
	ON CONFLICT (key_id) DO NOTHING;
END;
-- +goose StatementEnd

-- A workspace may have any number of keys and routes: its sums are kept.
CREATE TABLE workspace_usage (
	workspace   TEXT    NOT NULL,
	environment TEXT    NOT NULL,
	hour        INTEGER NOT NULL,
	cost        INTEGER NOT NULL,
	PRIMARY KEY (workspace, environment, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO workspace_usage (workspace, environment, hour, cost)
SELECT o.workspace, o.environment, c.hour, SUM(c.cost)
FROM usage_cells c JOIN usage_owners o ON o.key_id = c.key_id
GROUP BY o.workspace, o.environment, c.hour;
-- +goose StatementBegin
CREATE TRIGGER usage_of_workspace_begins AFTER INSERT ON usage_cells WHEN new.cost > 0
BEGIN
	INSERT INTO workspace_usage (workspace, environment, hour, cost)
	SELECT workspace, environment, new.hour, new.cost FROM usage_owners WHERE key_id = new.key_id
	ON CONFLICT (workspace, environment, hour) DO UPDATE SET cost = cost + excluded.cost;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER usage_of_workspace_grows AFTER UPDATE ON usage_cells WHEN new.cost > old.cost
BEGIN
	INSERT INTO workspace_usage (workspace, environment, hour, cost)
	SELECT workspace, environment, new.hour, new.cost - old.cost FROM usage_owners WHERE key_id = new.key_id
	ON CONFLICT (workspace, environment, hour) DO UPDATE SET cost = cost + excluded.cost;
END;
-- +goose StatementEnd
