package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var authenticationProfileOps = map[string]handler{
	"DescribeAuthenticationProfile": describes[*connect.DescribeAuthenticationProfileInput](catalog.AuthenticationProfiles, func(c call, m made, p *center.AuthenticationProfile) *connect.DescribeAuthenticationProfileOutput {
		return &connect.DescribeAuthenticationProfileOutput{AuthenticationProfile: &connect.AuthenticationProfile{
			Id: m.id, Arn: m.arn, Name: &p.Name, Description: text(p.Description), AllowedIps: p.AllowedIPs, BlockedIps: p.BlockedIPs,
			IsDefault: &p.Default, CreatedTime: &p.Created, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
			PeriodicSessionDuration: &p.Periodic, MaxSessionDuration: &p.MaxSession, SessionInactivityDuration: &p.Inactivity,
			SessionInactivityHandlingEnabled: &p.Inactive,
		}}
	}),
	"ListAuthenticationProfiles": lists[*connect.ListAuthenticationProfilesInput](catalog.AuthenticationProfiles, listProfilesPage, nil,
		func(c call, m made, p *center.AuthenticationProfile) connect.AuthenticationProfileSummary {
			return connect.AuthenticationProfileSummary{
				Id: m.id, Arn: m.arn, Name: &p.Name, IsDefault: &p.Default, LastModifiedTime: &p.Modified, LastModifiedRegion: &c.Partition.Region,
			}
		},
		func(all []connect.AuthenticationProfileSummary, next *string) *connect.ListAuthenticationProfilesOutput {
			return &connect.ListAuthenticationProfilesOutput{AuthenticationProfileSummaryList: all, NextToken: next}
		}),
	"UpdateAuthenticationProfile": updates[connect.UpdateAuthenticationProfileOutput](catalog.AuthenticationProfiles, func(_ call, in *connect.UpdateAuthenticationProfileInput, p *center.AuthenticationProfile) error {
		set(&p.Name, in.Name)
		set(&p.Description, in.Description)
		set(&p.Periodic, in.PeriodicSessionDuration)
		set(&p.Inactivity, in.SessionInactivityDuration)
		set(&p.Inactive, in.SessionInactivityHandlingEnabled)
		if in.AllowedIps != nil {
			p.AllowedIPs = in.AllowedIps
		}
		if in.BlockedIps != nil {
			p.BlockedIPs = in.BlockedIps
		}
		return nil
	}),
}

// listProfilesPage is the length of a page of authentication profiles when none is asked for (inferred).
const listProfilesPage = 100
