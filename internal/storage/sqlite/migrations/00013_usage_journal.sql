-- Large batches of usage as they were flushed, until their cells are put into
-- the sums together: since is when they came, format how they are packed (0: they
-- can't be read), amount how many cells they have.

-- +goose Up
CREATE TABLE usage_journal (
	seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	since   INTEGER NOT NULL,
	format  INTEGER NOT NULL,
	amount  INTEGER NOT NULL,
	cells   BLOB    NOT NULL
) STRICT;

-- Sums of workspaces stop at the largest number, as those of keys do: beyond, they
-- would be counted in floating point, which the column refuses.
DROP TRIGGER usage_of_workspace_begins;
DROP TRIGGER usage_of_workspace_grows;
-- +goose StatementBegin
CREATE TRIGGER usage_of_workspace_begins AFTER INSERT ON usage_cells WHEN new.cost > 0
BEGIN
	INSERT INTO workspace_usage (workspace, environment, hour, cost)
	SELECT workspace, environment, new.hour, new.cost FROM usage_owners WHERE key_id = new.key_id
	ON CONFLICT (workspace, environment, hour) DO UPDATE
	SET cost = iif(cost > 9223372036854775807 - excluded.cost, 9223372036854775807, cost + excluded.cost);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER usage_of_workspace_grows AFTER UPDATE ON usage_cells WHEN new.cost > old.cost
BEGIN
	INSERT INTO workspace_usage (workspace, environment, hour, cost)
	SELECT workspace, environment, new.hour, new.cost - old.cost FROM usage_owners WHERE key_id = new.key_id
	ON CONFLICT (workspace, environment, hour) DO UPDATE
	SET cost = iif(cost > 9223372036854775807 - excluded.cost, 9223372036854775807, cost + excluded.cost);
END;
-- +goose StatementEnd
