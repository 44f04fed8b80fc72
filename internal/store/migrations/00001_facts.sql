-- Both engines run this text. BYTEA is SQLite's affinity for "leave it as it is"; every value put there is a blob.
-- Identifiers are their sixteen bytes, times are milliseconds UTC with 0 for "not set". Hot tables begin with the
-- chat's id, so that they can be spread by it.

-- +goose Up

CREATE TABLE chat (
    id       BYTEA  NOT NULL PRIMARY KEY,
    instance TEXT   NOT NULL,
    ended    BIGINT NOT NULL, -- 0 or 1
    ended_at BIGINT NOT NULL,
    state    BYTEA  NOT NULL
);
CREATE INDEX chat_instance ON chat (instance, id);
CREATE INDEX chat_active ON chat (instance, id) WHERE ended = 0;

-- item is append-only: rows lie in the order of their commits, and only item_seq is touched at random.
CREATE TABLE item (
    chat  BYTEA  NOT NULL,
    seq   BIGINT NOT NULL,
    at    BIGINT NOT NULL,
    id    BYTEA  NOT NULL,
    flags BIGINT NOT NULL, -- 1: shown by GetTranscript
    token BYTEA,
    body  BYTEA  NOT NULL
);
CREATE UNIQUE INDEX item_seq ON item (chat, seq);
CREATE UNIQUE INDEX item_token ON item (chat, token) WHERE token IS NOT NULL;

-- contact finds the chat of every contact but the first, whose id is the chat's own.
CREATE TABLE contact (
    id   BYTEA NOT NULL PRIMARY KEY,
    chat BYTEA NOT NULL
);
CREATE INDEX contact_chat ON contact (chat);

-- wake is when the row is to be looked at next: its time, or the end of the lease of who is at it.
CREATE TABLE due (
    chat BYTEA  NOT NULL,
    key  TEXT   NOT NULL,
    at   BIGINT NOT NULL,
    wake BIGINT NOT NULL,
    data BYTEA,
    PRIMARY KEY (chat, key)
);
CREATE INDEX due_wake ON due (wake);

CREATE TABLE claim (
    kind    TEXT   NOT NULL,
    key     BYTEA  NOT NULL,
    value   BYTEA,
    chat    BYTEA  NOT NULL,
    expires BIGINT NOT NULL, -- 0: until released
    PRIMARY KEY (kind, key)
);
CREATE INDEX claim_expires ON claim (expires) WHERE expires > 0;

CREATE TABLE receipt (
    chat        BYTEA  NOT NULL,
    item        BYTEA  NOT NULL,
    participant TEXT   NOT NULL,
    delivered   BIGINT NOT NULL,
    read        BIGINT NOT NULL,
    PRIMARY KEY (chat, item, participant)
);

CREATE TABLE resource (
    instance TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    id       BYTEA  NOT NULL,
    name     BYTEA, -- NULL: not found by name, and not unique
    version  BIGINT NOT NULL,
    created  BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    body     BYTEA,
    PRIMARY KEY (instance, kind, id)
);
CREATE UNIQUE INDEX resource_name ON resource (instance, kind, name);

-- probe is written and emptied to learn whether there is room again after a disk was full.
CREATE TABLE probe (
    pad BYTEA NOT NULL
);
