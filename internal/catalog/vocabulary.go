package catalog

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// Vocabularies are the vocabularies of an instance.
var Vocabularies = &Kind[center.Vocabulary]{
	rows: "vocabulary", word: "VOCABULARY", tail: "vocabulary",
	key:   (*center.Vocabulary).Key,
	stamp: (*center.Vocabulary).Stamp,
	tags:  (*center.Vocabulary).TagSet,
	check: (*center.Vocabulary).Check,
	taken: "a vocabulary of that name already exists in the instance",
}

// DefaultVocabularies say which vocabulary an instance uses for each language.
var DefaultVocabularies = &Kind[center.DefaultVocabulary]{
	rows: "default-vocabulary", word: "DEFAULT_VOCABULARY",
	key:   func(d *center.DefaultVocabulary) (string, string) { return d.Language, "" },
	stamp: func(*center.DefaultVocabulary, func() string, time.Time) {},
	refs: func(d *center.DefaultVocabulary) []store.Ref {
		return []store.Ref{{Kind: Vocabularies.rows, ID: string(d.Vocabulary)}}
	},
}

// SetDefaultVocabulary makes a vocabulary the one that an instance uses for a language, or with "" none.
func (c *Catalog) SetDefaultVocabulary(ctx context.Context, at center.InstanceID, d center.DefaultVocabulary) error {
	if d.Vocabulary == "" {
		err := DefaultVocabularies.Delete(ctx, c, at, d.Language)
		if center.Is(err, center.NotFound) {
			_, err = c.Instance(ctx, at) // that there was none is no fault
		}
		return err
	}
	v, err := Vocabularies.Get(ctx, c, at, string(d.Vocabulary))
	if err != nil {
		return err
	}
	if v.Language != d.Language {
		return center.Refuse(center.InvalidRequest, "VocabularyId names a vocabulary of the language %s, not of LanguageCode %s", v.Language, d.Language)
	}
	return DefaultVocabularies.upsert(ctx, c, at, &d, func(old *center.DefaultVocabulary) { *old = d })
}
