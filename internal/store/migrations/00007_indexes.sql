-- Fewer indexes to write to when a chat begins.

-- +goose Up

-- The first contact of a chat has the chat's own id, and is found by that.
DROP INDEX contact_chat;
CREATE INDEX contact_stream ON contact (stream) WHERE id <> stream;

-- Streams that have not ended and those that have, each by id, are parts of one index.
DROP INDEX stream_active;
DROP INDEX stream_instance;
CREATE INDEX stream_instance ON stream (instance, kind, ended, id);
