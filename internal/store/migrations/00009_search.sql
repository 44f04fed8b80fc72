-- What SearchContacts needs of contacts: what is searched, and its order in indexes that only contacts are in which a search
-- may show.

-- +goose Up

-- shown is initiated, once a search may show the contact. about (name, tags and segment attributes as JSON) and name (as it
-- is searched) go with the chat.
ALTER TABLE contact ADD COLUMN shown BIGINT;
ALTER TABLE contact ADD COLUMN about BYTEA;
ALTER TABLE contact ADD COLUMN name BYTEA;
-- association is the root of a chat that was begun from another one, NULL for the root itself.
ALTER TABLE contact ADD COLUMN association BYTEA;
UPDATE contact SET shown = initiated WHERE connected_to_system IS NOT NULL OR enqueued IS NOT NULL OR disconnected IS NOT NULL OR id <> stream;

-- A contact that starts is in none of these indexes.
DROP INDEX IF EXISTS contact_initiated;
DROP INDEX IF EXISTS contact_queue;
DROP INDEX IF EXISTS contact_disconnected;
CREATE INDEX contact_shown ON contact (instance, shown, id) WHERE shown IS NOT NULL;
CREATE INDEX contact_disconnected ON contact (instance, disconnected, id) WHERE disconnected IS NOT NULL;
CREATE INDEX contact_enqueued ON contact (instance, enqueued, id, queue) WHERE enqueued IS NOT NULL;
CREATE INDEX contact_to_agent ON contact (instance, connected_to_agent, id, agent) WHERE connected_to_agent IS NOT NULL;
CREATE INDEX contact_association ON contact (association) WHERE association IS NOT NULL;

-- contact_term has what else contacts are searched by: tags, segment attributes and the agents that their routing prefers.
CREATE TABLE contact_term (
    contact  BYTEA NOT NULL,
    instance TEXT  NOT NULL,
    name     BYTEA NOT NULL,
    value    BYTEA NOT NULL,
    PRIMARY KEY (contact, name)
);
CREATE INDEX contact_term_value ON contact_term (instance, name, value);
