package api

import (
	"slices"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var attachedFilesOps = map[string]handler{
	"DescribeAttachedFilesConfiguration": answers(func(c call, in *connect.DescribeAttachedFilesConfigurationInput) (*connect.DescribeAttachedFilesConfigurationOutput, error) {
		f, err := c.Catalog.AttachedFiles(c.ctx(), c.at, *in.AttachmentScope)
		if err != nil {
			return nil, err
		}
		return &connect.DescribeAttachedFilesConfigurationOutput{AttachedFilesConfiguration: &connect.AttachedFilesConfiguration{
			InstanceId: text(c.at), AttachmentScope: &f.Scope, MaximumSizeLimitInBytes: &f.MaxBytes, ExtensionConfiguration: extensions(f),
			LastModifiedTime: instant(f.Modified),
		}}, nil
	}),
	"ListAttachedFilesConfigurations": listing[*connect.ListAttachedFilesConfigurationsInput, center.AttachedFiles, *connect.ListAttachedFilesConfigurationsOutput]{
		standard: listAttachedFilesPage,
		valid:    func(scope string) bool { return slices.Contains(center.AttachedFileScopes, scope) },
		key:      func(f *center.AttachedFiles) string { return f.Scope },
		find: func(c call, _ *connect.ListAttachedFilesConfigurationsInput, after string, limit int) (found []center.AttachedFiles, err error) {
			rest := center.AttachedFileScopes[1+slices.Index(center.AttachedFileScopes, after):]
			for _, scope := range rest[:min(limit, len(rest))] {
				f, err := c.Catalog.AttachedFiles(c.ctx(), c.at, scope)
				if err != nil {
					return nil, err
				}
				found = append(found, *f)
			}
			return found, nil
		},
		answer: func(c call, found []center.AttachedFiles, next *string) *connect.ListAttachedFilesConfigurationsOutput {
			out := &connect.ListAttachedFilesConfigurationsOutput{AttachedFilesConfigurations: make([]connect.AttachedFilesConfigurationSummary, len(found)), NextToken: next}
			for i := range found {
				f := &found[i]
				out.AttachedFilesConfigurations[i] = connect.AttachedFilesConfigurationSummary{
					InstanceId: text(c.at), AttachmentScope: &f.Scope, MaximumSizeLimitInBytes: &f.MaxBytes, ExtensionConfiguration: extensions(f),
				}
			}
			return out
		},
	}.handler(),
	"UpdateAttachedFilesConfiguration": answers(func(c call, in *connect.UpdateAttachedFilesConfigurationInput) (*connect.UpdateAttachedFilesConfigurationOutput, error) {
		f, err := c.Catalog.UpdateAttachedFiles(c.ctx(), c.at, *in.AttachmentScope, func(f *center.AttachedFiles) {
			set(&f.MaxBytes, in.MaximumSizeLimitInBytes)
			if to := in.ExtensionConfiguration; to != nil {
				f.Extensions = make([]string, len(to.AllowedExtensions))
				for i, e := range to.AllowedExtensions {
					f.Extensions[i] = *e.Extension
				}
			}
		})
		if err != nil {
			return nil, err
		}
		return &connect.UpdateAttachedFilesConfigurationOutput{
			InstanceId: text(c.at), AttachmentScope: &f.Scope, MaximumSizeLimitInBytes: &f.MaxBytes, ExtensionConfiguration: extensions(f),
			LastModifiedTime: instant(f.Modified),
		}, nil
	}),
}

// listAttachedFilesPage is the documented default.
const listAttachedFilesPage = 100

func extensions(f *center.AttachedFiles) *connect.ExtensionConfiguration {
	out := &connect.ExtensionConfiguration{AllowedExtensions: make([]connect.AllowedExtension, len(f.Extensions))}
	for i := range f.Extensions {
		out.AllowedExtensions[i].Extension = &f.Extensions[i]
	}
	return out
}
