package api

import (
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// listVocabulariesPage is the API model's maximum; Amazon Connect documents no default.
const listVocabulariesPage = 100

var vocabularyOps = map[string]handler{
	"CreateVocabulary": answers(func(c call, in *connect.CreateVocabularyInput) (*connect.CreateVocabularyOutput, error) {
		once, err := catalog.NewClientToken(value(in.ClientToken), in.VocabularyName, in.LanguageCode, in.Content, in.Tags)
		if err != nil {
			return nil, err
		}
		v := &center.Vocabulary{Head: head[center.VocabularyID](in.VocabularyName, nil, in.Tags), Language: *in.LanguageCode, Content: *in.Content}
		id, err := catalog.Vocabularies.Create(c.ctx(), c.Catalog, c.at, v, once)
		if err != nil {
			return nil, err
		}
		v.ID = center.VocabularyID(id)
		m, state := madeOf(c, catalog.Vocabularies, v), center.VocabularyActive
		return &connect.CreateVocabularyOutput{VocabularyId: m.id, VocabularyArn: m.arn, State: &state}, nil
	}),
	"DescribeVocabulary": describes[*connect.DescribeVocabularyInput](catalog.Vocabularies, func(c call, m made, v *center.Vocabulary) *connect.DescribeVocabularyOutput {
		s := vocabularySummary(c, m, v)
		return &connect.DescribeVocabularyOutput{Vocabulary: &connect.Vocabulary{
			Id: s.Id, Arn: s.Arn, Name: s.Name, LanguageCode: s.LanguageCode, State: s.State, LastModifiedTime: s.LastModifiedTime,
			Content: &v.Content, Tags: v.Tags,
		}}
	}),
	"DeleteVocabulary": answers(func(c call, in *connect.DeleteVocabularyInput) (*connect.DeleteVocabularyOutput, error) {
		id, state := catalog.Vocabularies.ParseID(*in.VocabularyId), center.VocabularyDeleting
		if err := catalog.Vocabularies.Delete(c.ctx(), c.Catalog, c.at, id); err != nil {
			return nil, err
		}
		m := madeOf(c, catalog.Vocabularies, &center.Vocabulary{Head: center.Head[center.VocabularyID]{ID: center.VocabularyID(id)}})
		return &connect.DeleteVocabularyOutput{VocabularyId: m.id, VocabularyArn: m.arn, State: &state}, nil
	}),
	"SearchVocabularies": lists(catalog.Vocabularies, listVocabulariesPage,
		func(in *connect.SearchVocabulariesInput) func(*center.Vocabulary) bool {
			return func(v *center.Vocabulary) bool {
				return (in.State == nil || *in.State == center.VocabularyActive) && strings.HasPrefix(v.Name, value(in.NameStartsWith)) &&
					(in.LanguageCode == nil || *in.LanguageCode == v.Language)
			}
		}, vocabularySummary,
		func(all []connect.VocabularySummary, next *string) *connect.SearchVocabulariesOutput {
			return &connect.SearchVocabulariesOutput{VocabularySummaryList: all, NextToken: next}
		}),
	"AssociateDefaultVocabulary": does[connect.AssociateDefaultVocabularyOutput](func(c call, in *connect.AssociateDefaultVocabularyInput) error {
		return c.Catalog.SetDefaultVocabulary(c.ctx(), c.at, center.DefaultVocabulary{
			Language: *in.LanguageCode, Vocabulary: center.VocabularyID(catalog.Vocabularies.ParseID(value(in.VocabularyId))),
		})
	}),
	"ListDefaultVocabularies": answers(listDefaultVocabularies),
}

func vocabularySummary(_ call, m made, v *center.Vocabulary) connect.VocabularySummary {
	state := center.VocabularyActive
	return connect.VocabularySummary{Id: m.id, Arn: m.arn, Name: &v.Name, LanguageCode: &v.Language, State: &state, LastModifiedTime: &v.Modified}
}

// listDefaultVocabularies lists the languages that have a vocabulary, with its name.
func listDefaultVocabularies(c call, in *connect.ListDefaultVocabulariesInput) (*connect.ListDefaultVocabulariesOutput, error) {
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, listVocabulariesPage, func(language string) bool { return language != "" })
	if err != nil {
		return nil, err
	}
	found, err := catalog.DefaultVocabularies.List(c.ctx(), c.Catalog, c.at, after, limit+1, func(d *center.DefaultVocabulary) bool {
		return in.LanguageCode == nil || *in.LanguageCode == d.Language
	})
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, catalog.DefaultVocabularies.ID)
	out, instance := &connect.ListDefaultVocabulariesOutput{DefaultVocabularyList: []connect.DefaultVocabulary{}, NextToken: next}, string(c.at)
	for i := range found {
		d := &found[i]
		v, err := catalog.Vocabularies.Get(c.ctx(), c.Catalog, c.at, string(d.Vocabulary))
		if center.Is(err, center.NotFound) {
			continue // it has ceased to be the default and was deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		out.DefaultVocabularyList = append(out.DefaultVocabularyList, connect.DefaultVocabulary{
			InstanceId: &instance, LanguageCode: &d.Language, VocabularyId: text(d.Vocabulary), VocabularyName: &v.Name,
		})
	}
	return out, nil
}
