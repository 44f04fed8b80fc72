-- Streams of agents are few among those of chats, and are looked for by themselves.

-- +goose Up

CREATE INDEX stream_agent ON stream (id) WHERE kind = 'agent';
