-- What was kept of chats is kept of any stream, an aggregate whose items are numbered: a chat is one kind of it.

-- +goose Up

ALTER TABLE chat RENAME TO stream;
ALTER TABLE stream ADD COLUMN kind TEXT NOT NULL DEFAULT 'chat';
DROP INDEX chat_instance;
DROP INDEX chat_active;
DROP INDEX chat_ended;
CREATE INDEX stream_instance ON stream (instance, kind, id);
CREATE INDEX stream_active ON stream (instance, kind, id) WHERE ended = 0;
CREATE INDEX stream_ended ON stream (kind, ended_at) WHERE ended = 1;

ALTER TABLE item RENAME COLUMN chat TO stream;
ALTER TABLE contact RENAME COLUMN chat TO stream;
ALTER TABLE claim RENAME COLUMN chat TO stream;
ALTER TABLE receipt RENAME COLUMN chat TO stream;
ALTER TABLE erased RENAME COLUMN chat TO stream;

-- lane parts due rows by who looks at them, so that many of one kind do not delay those of another.
ALTER TABLE due RENAME COLUMN chat TO stream;
ALTER TABLE due ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
UPDATE due SET lane = 1 WHERE key LIKE 'call:%';
UPDATE due SET lane = 2 WHERE key LIKE 'related:%' OR key = 'erase';
-- Timers and calls name the flow that waits for them: a chat had one, which is its first.
UPDATE due SET key = key || ':1' WHERE key = 'flow' OR key = 'flow-too';
UPDATE due SET key = 'call:1:' || substr(key, 6) WHERE key LIKE 'call:%';
DROP INDEX due_wake;
CREATE INDEX due_wake ON due (lane, wake);
