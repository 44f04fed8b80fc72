-- Which of several nodes routes.

-- +goose Up

-- lease has a row for each task that one node at a time does: who does it, and until when unless it says so again.
CREATE TABLE lease (
    task   TEXT   PRIMARY KEY,
    holder TEXT   NOT NULL,
    until  BIGINT NOT NULL
);
