-- The contacts of an agent.

-- +goose Up

-- A user who may see only the contacts that it has handled finds them among all by this index, as a search by agent does.
CREATE INDEX contact_agent ON contact (instance, agent, shown, id) WHERE agent IS NOT NULL AND shown IS NOT NULL;
