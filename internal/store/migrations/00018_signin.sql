-- What signing in knows beside passwords: sessions that depend on another row than that of a password, when a session's user was
-- last active, links by which a user chooses a password, and what may be used once.

-- +goose Up

-- proof is the kind of the row that a session depends on, which has the user's id. credential is its version; 0: any.
ALTER TABLE session ADD COLUMN proof TEXT NOT NULL DEFAULT 'user-password';
-- active is when the user was last active; 0: not since the session began.
ALTER TABLE session ADD COLUMN active BIGINT NOT NULL DEFAULT 0;

-- id is the hash of what the link holds. credential is the version of the row of the user's password when the link was made, 0
-- for none: a link is void when that changes.
CREATE TABLE link (
    id         BYTEA  PRIMARY KEY,
    instance   TEXT   NOT NULL,
    agent      BYTEA  NOT NULL, -- the user's id
    purpose    TEXT   NOT NULL,
    credential BIGINT NOT NULL,
    used       BIGINT NOT NULL, -- when it was used or replaced; 0: not yet
    expires    BIGINT NOT NULL
);
CREATE INDEX link_agent ON link (instance, agent);
CREATE INDEX link_expires ON link (expires);

-- spent has what was used and may not be used again, until nobody would take it anyway.
CREATE TABLE spent (
    id      BYTEA  PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX spent_expires ON spent (expires);
