package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/pressly/goose/v3"
)

// coded are the schema's steps that SQL cannot make. They read rows as they were at that version, so their types are
// their own, and are never changed.
func coded() []*goose.Migration {
	return []*goose.Migration{goose.NewGoMigration(4, &goose.GoFunc{RunTx: findReferences}, nil)}
}

// findReferences fills the table of references from rows that were written before there was one, and makes the versions
// of views, which were part of their view's row, rows of their own.
func findReferences(ctx context.Context, tx *sql.Tx) error {
	if err := eachOld(ctx, tx, "queue", func(r oldRow) error {
		var queue struct {
			Hours string `json:"hours"`
		}
		if err := json.Unmarshal(r.body, &queue); err != nil || queue.Hours == "" {
			return err
		}
		return r.refersTo(ctx, tx, "hours-of-operation", queue.Hours)
	}); err != nil {
		return err
	}
	for alias, version := range map[string]string{"contact-flow-alias": "contact-flow-version", "flow-module-alias": "flow-module-version"} {
		if err := eachOld(ctx, tx, alias, func(r oldRow) error {
			var a struct {
				Of      string `json:"module"`
				Version int64  `json:"version"`
			}
			if err := json.Unmarshal(r.body, &a); err != nil {
				return err
			}
			return r.refersTo(ctx, tx, version, fmt.Sprintf("%s/%019d", a.Of, a.Version))
		}); err != nil {
			return err
		}
	}
	return eachOld(ctx, tx, "view", func(r oldRow) error { return r.spreadVersions(ctx, tx) })
}

// oldRow is a resource as it was before.
type oldRow struct {
	instance, kind string
	id, body       []byte
	modified       int64
}

func eachOld(ctx context.Context, tx *sql.Tx, kind string, do func(oldRow) error) error {
	rows, err := tx.QueryContext(ctx, `SELECT instance, kind, id, body, modified FROM resource WHERE kind = $1`, kind)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []oldRow
	for rows.Next() {
		var r oldRow
		if err := rows.Scan(&r.instance, &r.kind, &r.id, &r.body, &r.modified); err != nil {
			return err
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, r := range all {
		if err := do(r); err != nil {
			return fmt.Errorf("%s %s: %w", r.kind, r.id, err)
		}
	}
	return nil
}

func (r oldRow) refersTo(ctx context.Context, tx *sql.Tx, kind, id string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO reference (instance, to_kind, to_id, from_kind, from_id) VALUES ($1, $2, $3, $4, $5)`,
		r.instance, kind, []byte(id), r.kind, r.id)
	return err
}

func (r oldRow) spreadVersions(ctx context.Context, tx *sql.Tx) error {
	var view map[string]json.RawMessage
	if err := json.Unmarshal(r.body, &view); err != nil || view["versions"] == nil {
		return err
	}
	var versions []struct {
		Number      int64  `json:"number"`
		Content     string `json:"content"`
		Description string `json:"description"`
	}
	if err := json.Unmarshal(view["versions"], &versions); err != nil {
		return err
	}
	for _, v := range versions {
		body, err := json.Marshal(map[string]any{
			"of": string(r.id), "number": v.Number, "content": v.Content, "description": v.Description, "modified": timeOf(r.modified),
		})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO resource (instance, kind, id, name, body, version, created, modified) VALUES ($1, 'view-version', $2, NULL, $3, 1, $4, $4)`,
			r.instance, fmt.Appendf(nil, "%s/%019d", r.id, v.Number), body, r.modified)
		if err != nil {
			return err
		}
	}
	delete(view, "versions")
	body, err := json.Marshal(view)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE resource SET body = $4 WHERE instance = $1 AND kind = $2 AND id = $3`, r.instance, r.kind, r.id, body)
	return err
}
