-- Rows for what is asked afterwards: searches and metrics. They are written by the Change that decides, for chats from now
-- on. Unlike elsewhere, a time that is not set is NULL, and so is every other column that is not known (yet).

-- +goose Up

-- From here on every contact has a row in contact, the first of a chat too. Rows from before have no instance. A row with
-- both instance and disconnected outlives its chat. hierarchy (ids of groups, from the first level on), routing (the
-- criteria with their steps) and figures (ChatMetrics) are JSON: nothing is searched or sorted by what is in them.
ALTER TABLE contact ADD COLUMN instance TEXT;
ALTER TABLE contact ADD COLUMN channel TEXT;
ALTER TABLE contact ADD COLUMN initiation_method TEXT;
ALTER TABLE contact ADD COLUMN initiated BIGINT;
ALTER TABLE contact ADD COLUMN connected_to_system BIGINT;
ALTER TABLE contact ADD COLUMN enqueued BIGINT;
ALTER TABLE contact ADD COLUMN dequeued BIGINT;
ALTER TABLE contact ADD COLUMN connected_to_agent BIGINT;
ALTER TABLE contact ADD COLUMN disconnected BIGINT;
ALTER TABLE contact ADD COLUMN acw_begun BIGINT;
ALTER TABLE contact ADD COLUMN acw_ended BIGINT;
ALTER TABLE contact ADD COLUMN transferred BIGINT;
ALTER TABLE contact ADD COLUMN previous_contact BYTEA;
ALTER TABLE contact ADD COLUMN next_contact BYTEA;
ALTER TABLE contact ADD COLUMN related_contact BYTEA;
ALTER TABLE contact ADD COLUMN pre_disconnect_state TEXT;
ALTER TABLE contact ADD COLUMN disconnect_reason TEXT;
ALTER TABLE contact ADD COLUMN queue BYTEA;
ALTER TABLE contact ADD COLUMN agent BYTEA;
ALTER TABLE contact ADD COLUMN routing_profile BYTEA;
ALTER TABLE contact ADD COLUMN hierarchy BYTEA;
ALTER TABLE contact ADD COLUMN subtype TEXT;
ALTER TABLE contact ADD COLUMN routing BYTEA;
ALTER TABLE contact ADD COLUMN figures BYTEA;
CREATE INDEX contact_disconnected ON contact (instance, disconnected) WHERE disconnected IS NOT NULL;
CREATE INDEX contact_initiated ON contact (instance, initiated) WHERE initiated IS NOT NULL;
CREATE INDEX contact_queue ON contact (instance, queue, enqueued) WHERE queue IS NOT NULL;

-- contact_attribute has the attributes of a chat that a search can name; they go with the chat.
CREATE TABLE contact_attribute (
    stream   BYTEA NOT NULL,
    instance TEXT  NOT NULL,
    name     BYTEA NOT NULL,
    value    BYTEA NOT NULL,
    PRIMARY KEY (stream, name)
);
CREATE INDEX contact_attribute_value ON contact_attribute (instance, name, value);

-- flow_run has the runs of flows and modules, numbered within a chat. module is NULL for a flow; of a module, resource and
-- type are the flow's that it runs in.
CREATE TABLE flow_run (
    contact       BYTEA  NOT NULL,
    run           BIGINT NOT NULL,
    instance      TEXT   NOT NULL,
    resource      BYTEA  NOT NULL,
    module        BYTEA,
    type          TEXT   NOT NULL,
    started       BIGINT NOT NULL,
    ended         BIGINT,
    outcome       TEXT,
    next_resource BYTEA,
    next_queue    BYTEA,
    PRIMARY KEY (contact, run)
);
CREATE INDEX flow_run_started ON flow_run (instance, started);

-- offer has the offers of contacts to agents.
CREATE TABLE offer (
    contact  BYTEA  NOT NULL,
    agent    BYTEA  NOT NULL,
    started  BIGINT NOT NULL,
    instance TEXT   NOT NULL,
    queue    BYTEA  NOT NULL,
    ended    BIGINT,
    outcome  TEXT,
    PRIMARY KEY (contact, agent, started)
);
CREATE INDEX offer_started ON offer (instance, started);

-- agent has the agents of an instance as they are now.
CREATE TABLE agent (
    instance        TEXT   NOT NULL,
    id              BYTEA  NOT NULL,
    routing_profile BYTEA  NOT NULL,
    hierarchy       BYTEA,
    status          BYTEA  NOT NULL,
    status_type     TEXT   NOT NULL, -- ROUTABLE, CUSTOM, OFFLINE
    status_since    BIGINT NOT NULL,
    next_status     BYTEA,
    PRIMARY KEY (instance, id)
);

-- agent_interval has the times that agents spent in a status, with what they were then.
CREATE TABLE agent_interval (
    agent           BYTEA  NOT NULL,
    began           BIGINT NOT NULL,
    instance        TEXT   NOT NULL,
    ended           BIGINT,
    status          BYTEA  NOT NULL,
    status_type     TEXT   NOT NULL,
    routing_profile BYTEA  NOT NULL,
    hierarchy       BYTEA,
    PRIMARY KEY (agent, began)
);
CREATE INDEX agent_interval_began ON agent_interval (instance, began);
