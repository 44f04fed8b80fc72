-- +goose Up

-- erased are chats whose rows are going: the chat's own row went first, and with it all that is read of the chat. The
-- rest goes in small steps, the row here last. wake is when the next step is due.
CREATE TABLE erased (
    chat  BYTEA  NOT NULL PRIMARY KEY,
    wake  BIGINT NOT NULL,
    swept BIGINT NOT NULL -- 1: nothing was left when it was last looked at
);
CREATE INDEX erased_wake ON erased (wake);

-- chat_ended finds the chats that ended longest ago.
CREATE INDEX chat_ended ON chat (ended_at) WHERE ended = 1;
CREATE INDEX claim_chat ON claim (chat);
