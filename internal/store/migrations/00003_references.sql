-- References between resources, and a number for each kind of resource of an instance that every commit raises.

-- +goose Up

CREATE TABLE reference (
    instance  TEXT  NOT NULL,
    to_kind   TEXT  NOT NULL,
    to_id     BYTEA NOT NULL,
    from_kind TEXT  NOT NULL,
    from_id   BYTEA NOT NULL,
    PRIMARY KEY (instance, to_kind, to_id, from_kind, from_id)
);
CREATE INDEX reference_from ON reference (instance, from_kind, from_id);

CREATE TABLE resource_version (
    instance TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    PRIMARY KEY (instance, kind)
);
INSERT INTO resource_version (instance, kind, version) SELECT instance, kind, 1 FROM resource GROUP BY instance, kind;
