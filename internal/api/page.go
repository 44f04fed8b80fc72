package api

import (
	"encoding/base64"

	"github.com/parley-chat/parley/internal/center"
)

// Lists are in the order of ids, and a NextToken is the last id of a page: it stays good while things are added and
// deleted, and on every node.

// page reads where a list goes on and how long the page may be.
func page(nextToken *string, maxResults *int64, standard int) (after string, limit int, err error) {
	return pageAfter(nextToken, maxResults, standard, isUUID)
}

func isUUID(id string) bool {
	_, ok := center.UUID(id)
	return ok
}

// pageAfter is page for lists whose ids are no UUIDs but something else that valid knows.
func pageAfter(nextToken *string, maxResults *int64, standard int, valid func(id string) bool) (after string, limit int, err error) {
	if limit = int(value(maxResults)); limit == 0 {
		limit = standard
	}
	if nextToken == nil {
		return "", limit, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*nextToken)
	if err != nil || !valid(string(raw)) {
		return "", 0, center.Refuse(center.InvalidParameter, "NextToken must be one that this operation gave out")
	}
	return string(raw), limit, nil
}

// cut cuts what was read off at the limit, and gives the token of the next page if there was more.
func cut[T any](found []T, limit int, id func(*T) string) ([]T, *string) {
	if len(found) <= limit {
		return found, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(id(&found[limit-1])))
	return found[:limit], &next
}
