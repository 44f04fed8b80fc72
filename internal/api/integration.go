package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

const listIntegrationsPage = 100 // the API model's maximum, also that of use cases

var integrationOps = map[string]handler{
	"CreateIntegrationAssociation": creates(catalog.IntegrationAssociations, readIntegration, func(m made) *connect.CreateIntegrationAssociationOutput {
		return &connect.CreateIntegrationAssociationOutput{IntegrationAssociationId: m.id, IntegrationAssociationArn: m.arn}
	}),
	"CreateUseCase": creates(catalog.UseCases, func(_ call, in *connect.CreateUseCaseInput) (*center.UseCase, error) {
		return &center.UseCase{Head: head[center.UseCaseID](nil, nil, in.Tags), Association: integrationID(*in.IntegrationAssociationId), Type: *in.UseCaseType}, nil
	}, func(m made) *connect.CreateUseCaseOutput {
		return &connect.CreateUseCaseOutput{UseCaseId: m.id, UseCaseArn: m.arn}
	}),
	"DeleteIntegrationAssociation": deletes[connect.DeleteIntegrationAssociationOutput, *connect.DeleteIntegrationAssociationOutput, *connect.DeleteIntegrationAssociationInput](catalog.IntegrationAssociations),
	"DeleteUseCase": does[connect.DeleteUseCaseOutput](func(c call, in *connect.DeleteUseCaseInput) error {
		return c.Catalog.DeleteUseCase(c.ctx(), c.at, integrationID(*in.IntegrationAssociationId), catalog.UseCases.ParseID(*in.UseCaseId))
	}),
	"ListIntegrationAssociations": lists(catalog.IntegrationAssociations, listIntegrationsPage,
		func(in *connect.ListIntegrationAssociationsInput) func(*center.IntegrationAssociation) bool {
			return func(i *center.IntegrationAssociation) bool {
				return (in.IntegrationType == nil || i.Type == *in.IntegrationType) && (in.IntegrationArn == nil || i.ARN == *in.IntegrationArn)
			}
		}, integrationSummary,
		func(all []connect.IntegrationAssociationSummary, next *string) *connect.ListIntegrationAssociationsOutput {
			return &connect.ListIntegrationAssociationsOutput{IntegrationAssociationSummaryList: all, NextToken: next}
		}),
	"ListUseCases": listing[*connect.ListUseCasesInput, center.UseCase, *connect.ListUseCasesOutput]{
		standard: listIntegrationsPage, key: catalog.UseCases.ID,
		find: func(c call, in *connect.ListUseCasesInput, after string, limit int) ([]center.UseCase, error) {
			return c.Catalog.ListUseCases(c.ctx(), c.at, integrationID(*in.IntegrationAssociationId), after, limit)
		},
		answer: func(c call, found []center.UseCase, next *string) *connect.ListUseCasesOutput {
			out := &connect.ListUseCasesOutput{UseCaseSummaryList: make([]connect.UseCase, len(found)), NextToken: next}
			for i := range found {
				m := madeOf(c, catalog.UseCases, &found[i])
				out.UseCaseSummaryList[i] = connect.UseCase{UseCaseId: m.id, UseCaseArn: m.arn, UseCaseType: &found[i].Type}
			}
			return out
		},
	}.handler(),
}

func integrationID(s string) center.IntegrationID {
	return center.IntegrationID(catalog.IntegrationAssociations.ParseID(s))
}

func readIntegration(_ call, in *connect.CreateIntegrationAssociationInput) (*center.IntegrationAssociation, error) {
	return &center.IntegrationAssociation{
		Head: head[center.IntegrationID](nil, nil, in.Tags), Type: *in.IntegrationType, ARN: *in.IntegrationArn,
		SourceURL: value(in.SourceApplicationUrl), SourceName: value(in.SourceApplicationName), SourceType: value(in.SourceType),
	}, nil
}

func integrationSummary(c call, m made, i *center.IntegrationAssociation) connect.IntegrationAssociationSummary {
	return connect.IntegrationAssociationSummary{
		IntegrationAssociationId: m.id, IntegrationAssociationArn: m.arn, InstanceId: text(c.at), IntegrationType: &i.Type, IntegrationArn: &i.ARN,
		SourceApplicationUrl: text(i.SourceURL), SourceApplicationName: text(i.SourceName), SourceType: text(i.SourceType),
		LastModifiedTime: &i.Modified, LastModifiedRegion: &c.Partition.Region,
	}
}
