-- Agents at work: who waits for one, whom they have, and what is asked of it afterwards.

-- +goose Up

-- waiting has a row for each contact that waits in a queue. aged is what those of one priority are ordered by: since in
-- milliseconds, less the adjustment. agent_queue says that the queue is an agent's.
CREATE TABLE waiting (
    stream      BYTEA  NOT NULL,
    contact     BYTEA  NOT NULL,
    instance    TEXT   NOT NULL,
    queue       BYTEA  NOT NULL,
    agent_queue BIGINT NOT NULL,
    channel     TEXT   NOT NULL,
    enqueued    BIGINT NOT NULL,
    since       BIGINT NOT NULL,
    priority    BIGINT NOT NULL,
    adjustment  BIGINT NOT NULL,
    aged        BIGINT NOT NULL,
    routing     BYTEA,
    offered_to  BYTEA,
    rejecter    BYTEA,
    PRIMARY KEY (stream, contact)
);
CREATE INDEX waiting_line ON waiting (instance, queue, priority, aged, contact);

-- slot has a row for each contact that takes a slot of an agent.
CREATE TABLE slot (
    agent             BYTEA  NOT NULL,
    contact           BYTEA  NOT NULL,
    instance          TEXT   NOT NULL,
    stream            BYTEA  NOT NULL, -- of the chat
    participant       BYTEA  NOT NULL,
    channel           TEXT   NOT NULL,
    initiation_method TEXT   NOT NULL,
    state             TEXT   NOT NULL, -- CONNECTING, CONNECTED, ENDED, MISSED, REJECTED, ERROR
    since             BIGINT NOT NULL,
    offered           BIGINT NOT NULL,
    connected         BIGINT,
    queue             BYTEA,
    agent_queue       BIGINT NOT NULL,
    enqueued          BIGINT,
    monitor           TEXT,
    PRIMARY KEY (agent, contact)
);
CREATE INDEX slot_instance ON slot (instance, agent, contact);

-- idle is the latest of: the status became routable, an offer, an accept, a clear.
ALTER TABLE agent ADD COLUMN status_name TEXT;
ALTER TABLE agent ADD COLUMN next_status_name TEXT;
ALTER TABLE agent ADD COLUMN next_status_since BIGINT;
ALTER TABLE agent ADD COLUMN idle BIGINT;

-- cleared is when the slot of an offer that failed was free again. An agent's profile and hierarchy are those of the offer's time.
ALTER TABLE offer ADD COLUMN cleared BIGINT;
ALTER TABLE offer ADD COLUMN routing_profile BYTEA;
ALTER TABLE offer ADD COLUMN hierarchy BYTEA;
