-- Streams that do not keep their first items.

-- +goose Up

-- first_seq is the number of the first item that a stream still has; NULL is 1.
ALTER TABLE stream ADD COLUMN first_seq BIGINT;
