-- What figures of the past need.

-- +goose Up

-- The times of an agent that overlap a span are found by their end, and those that go on by having none.
CREATE INDEX agent_interval_ended ON agent_interval (instance, ended);
