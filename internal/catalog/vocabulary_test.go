package catalog_test

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// A vocabulary has at most 60,000 bytes, and comes back byte for byte.
func TestVocabulariesAreKeptAsTheyAre(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	content := "Phrase\tIPA\r\n\u0000ɛ\u2028"
	content += strings.Repeat("é", (60_000-len(content))/2)
	content += strings.Repeat("x", 60_000-len(content))
	v := center.Vocabulary{Head: center.Head[center.VocabularyID]{Name: "a"}, Language: "en-US", Content: content}
	id, err := catalog.Vocabularies.Create(w.ctx, c, instance, &v, catalog.ClientToken{})
	w.must(err)
	kept, err := catalog.Vocabularies.Get(w.ctx, c, instance, id)
	w.must(err)
	if kept.Content != content {
		t.Errorf("%d bytes came back as %d, or as others", len(content), len(kept.Content))
	}
	large := center.Vocabulary{Head: center.Head[center.VocabularyID]{Name: "b"}, Language: "en-US", Content: content + "é"}
	if _, err := catalog.Vocabularies.Create(w.ctx, c, instance, &large, catalog.ClientToken{}); !center.Is(err, center.InvalidRequest) {
		t.Errorf("%d bytes: %v", len(large.Content), err)
	}
}

// A default that is set and taken away while its vocabulary is deleted never leads to one that is gone.
func TestDefaultVocabulariesExist(t *testing.T) {
	w := newWorld(t)
	nodes := []*catalog.Catalog{w.node(), w.node()}
	c := nodes[0]
	for range 5 {
		v := center.Vocabulary{Head: center.Head[center.VocabularyID]{Name: "a"}, Language: "en-US", Content: "x"}
		id, err := catalog.Vocabularies.Create(w.ctx, c, instance, &v, catalog.ClientToken{})
		w.must(err)
		all(9, func(i int) {
			var err error
			switch i % 3 {
			case 0:
				err = nodes[i%2].SetDefaultVocabulary(w.ctx, instance, center.DefaultVocabulary{Language: "en-US", Vocabulary: v.ID})
			case 1:
				err = nodes[i%2].SetDefaultVocabulary(w.ctx, instance, center.DefaultVocabulary{Language: "en-US"})
			case 2:
				err = catalog.Vocabularies.Delete(w.ctx, nodes[i%2], instance, id)
			}
			if err != nil && !center.Is(err, center.NotFound) && !center.Is(err, center.InUse) {
				t.Error(err)
			}
		})
		defaults, err := catalog.DefaultVocabularies.List(w.ctx, c, instance, "", 10, nil)
		w.must(err)
		_, err = catalog.Vocabularies.Get(w.ctx, c, instance, id)
		if len(defaults) > 0 && err != nil {
			t.Errorf("the default %v is a vocabulary that is gone: %v", defaults[0], err)
		}
		w.must(c.SetDefaultVocabulary(w.ctx, instance, center.DefaultVocabulary{Language: "en-US"}))
		if err == nil {
			w.must(catalog.Vocabularies.Delete(w.ctx, c, instance, id))
		}
	}
}
