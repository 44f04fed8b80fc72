-- Sessions of users who have signed in, and attempts to sign in that did not succeed.

-- +goose Up

-- id is the hash of what the user's client holds. credential is the version of the row of the user's password: a session
-- ends when that changes or goes.
CREATE TABLE session (
    id         BYTEA  PRIMARY KEY,
    instance   TEXT   NOT NULL,
    agent      BYTEA  NOT NULL, -- the user's id
    bearer     BIGINT NOT NULL, -- 1: of a program, which sends a header; 0: of a browser, which sends a cookie
    credential BIGINT NOT NULL,
    began      BIGINT NOT NULL,
    expires    BIGINT NOT NULL
);
CREATE INDEX session_agent ON session (instance, agent, began);
CREATE INDEX session_expires ON session (expires);

-- who is the hash of a user name or of an address.
CREATE TABLE attempt (
    instance TEXT   NOT NULL, -- '' for an address
    who      BYTEA  NOT NULL,
    tries    BIGINT NOT NULL,
    last     BIGINT NOT NULL,
    PRIMARY KEY (instance, who)
);
CREATE INDEX attempt_last ON attempt (last);

-- presence has the agents with an open window, per node. seen is real time; a node that is gone stops writing it.
CREATE TABLE presence (
    agent    BYTEA  NOT NULL,
    node     TEXT   NOT NULL,
    instance TEXT   NOT NULL,
    seen     BIGINT NOT NULL,
    PRIMARY KEY (agent, node)
);
CREATE INDEX presence_seen ON presence (seen);
