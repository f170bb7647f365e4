-- Which pepper a digest was made with: the pepper's ID, never the pepper.
-- Empty: none, or from before this was written down.

-- +goose Up
ALTER TABLE keys ADD COLUMN pepper TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN pepper TEXT NOT NULL DEFAULT '';
CREATE INDEX keys_by_pepper ON keys (pepper, status, expires_at) WHERE pepper <> '';
