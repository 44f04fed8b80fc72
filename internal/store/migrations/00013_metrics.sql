-- What figures need.

-- +goose Up

-- The times of an agent that overlap a span are found by their end, and those that go on by having none.
CREATE INDEX agent_interval_ended ON agent_interval (instance, ended);

-- figure_snapshot has answers of figures of the present of which not all pages were asked for yet. They last for minutes.
CREATE TABLE figure_snapshot (
    id      BYTEA  NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL,
    body    BYTEA  NOT NULL
);
