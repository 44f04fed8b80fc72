-- audit has who changed what of the configuration, and when: rows are written by the commit that changes it. before and after
-- are JSON without secrets, NULL where there is nothing or nothing may be shown. tie tells commits of one millisecond apart,
-- place the rows of one commit.

-- +goose Up

CREATE TABLE audit (
    at       BIGINT NOT NULL,
    tie      BIGINT NOT NULL,
    place    BIGINT NOT NULL,
    instance TEXT   NOT NULL, -- '' for what belongs to the account
    who      TEXT   NOT NULL,
    origin   TEXT   NOT NULL, -- the address that the request came from; '' for a command
    action   TEXT   NOT NULL,
    change   TEXT   NOT NULL, -- create, update, delete
    kind     TEXT   NOT NULL,
    id       BYTEA  NOT NULL,
    name     BYTEA  NOT NULL,
    before   BYTEA,
    after    BYTEA,
    PRIMARY KEY (at, tie, place)
);
