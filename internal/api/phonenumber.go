package api

import (
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// Phone numbers are the account's: most of these operations name no instance, or one among others.

const (
	searchNumbersPage = 10  // the API model's maximum
	listNumbersPage   = 100 // the documented default of ListPhoneNumbers
)

var phoneNumberOps = map[string]handler{
	"SearchAvailablePhoneNumbers":        signedOp((*API).searchAvailablePhoneNumbers),
	"ClaimPhoneNumber":                   signedOp((*API).claimPhoneNumber),
	"DescribePhoneNumber":                signedOp((*API).describePhoneNumber),
	"UpdatePhoneNumber":                  signedOp((*API).updatePhoneNumber),
	"UpdatePhoneNumberMetadata":          signedOp((*API).updatePhoneNumberMetadata),
	"ReleasePhoneNumber":                 signedOp((*API).releasePhoneNumber),
	"ListPhoneNumbersV2":                 signedOp((*API).listPhoneNumbersV2),
	"AssociatePhoneNumberContactFlow":    does[connect.AssociatePhoneNumberContactFlowOutput](associatePhoneNumberContactFlow),
	"DisassociatePhoneNumberContactFlow": does[connect.DisassociatePhoneNumberContactFlowOutput](disassociatePhoneNumberContactFlow),
	// The ARN is the older one, which names the instance (API Reference, ListPhoneNumbers).
	"ListPhoneNumbers": lists(catalog.PhoneNumbers, listNumbersPage,
		func(in *connect.ListPhoneNumbersInput) func(*center.PhoneNumber) bool {
			return numbersOf(in.PhoneNumberTypes, in.PhoneNumberCountryCodes, "")
		},
		func(_ call, m made, n *center.PhoneNumber) connect.PhoneNumberSummary {
			return connect.PhoneNumberSummary{Id: m.id, Arn: m.arn, PhoneNumber: &n.Name, PhoneNumberType: &n.Type, PhoneNumberCountryCode: &n.Country}
		},
		func(all []connect.PhoneNumberSummary, next *string) *connect.ListPhoneNumbersOutput {
			return &connect.ListPhoneNumbersOutput{PhoneNumberSummaryList: all, NextToken: next}
		}),
}

// numbersOf keeps the numbers of types and countries, with a prefix.
func numbersOf(types, countries []string, prefix string) func(*center.PhoneNumber) bool {
	return func(n *center.PhoneNumber) bool {
		return (len(types) == 0 || slices.Contains(types, n.Type)) && (len(countries) == 0 || slices.Contains(countries, n.Country)) && strings.HasPrefix(n.Name, prefix)
	}
}

// numberTarget is the instance that a request about phone numbers names, by its id or its ARN; "" when it names none.
func numberTarget(arn, id *string) (at center.InstanceID, err error) {
	if arn != nil {
		if strings.Contains(*arn, ":traffic-distribution-group/") {
			return "", center.Refuse(center.InvalidParameter, "TargetArn names a traffic distribution group; phone numbers can be claimed to instances only")
		}
		if err := center.CheckInstance(*arn); err != nil || !strings.HasPrefix(*arn, "arn:") {
			return "", center.Refuse(center.InvalidParameter, "TargetArn must be the ARN of an instance, got %d characters of something else", len([]rune(*arn)))
		}
		at = center.ParseInstance(*arn)
	}
	if id != nil {
		if err := center.CheckInstance(*id); err != nil {
			return "", err
		}
		named := center.ParseInstance(*id)
		if at != "" && at != named {
			return "", center.Refuse(center.InvalidParameter, "TargetArn and InstanceId must name the same instance")
		}
		at = named
	}
	return at, nil
}

// requiredTarget is numberTarget for requests that must name an instance.
func requiredTarget(arn, id *string) (center.InstanceID, error) {
	at, err := numberTarget(arn, id)
	if err == nil && at == "" {
		err = center.Refuse(center.InvalidParameter, "TargetArn or InstanceId is required")
	}
	return at, err
}

// numberPrefix is the beginning that numbers are looked for by.
func numberPrefix(in *string) (string, error) {
	if in != nil && !strings.HasPrefix(*in, "+") {
		return "", center.Refuse(center.InvalidParameter, "PhoneNumberPrefix must begin with + and the country code, got %d characters", len(*in))
	}
	return value(in), nil
}

// isNumber knows the numbers that a page of available ones may end with.
func isNumber(s string) bool { return strings.HasPrefix(s, "+") }

func (a *API) searchAvailablePhoneNumbers(x *exchange, in *connect.SearchAvailablePhoneNumbersInput) (*connect.SearchAvailablePhoneNumbersOutput, error) {
	at, err := requiredTarget(in.TargetArn, in.InstanceId)
	if err != nil {
		return nil, err
	}
	prefix, err := numberPrefix(in.PhoneNumberPrefix)
	if err != nil {
		return nil, err
	}
	after, limit, err := pageAfter(in.NextToken, in.MaxResults, searchNumbersPage, isNumber)
	if err != nil {
		return nil, err
	}
	found, err := a.Catalog.AvailableNumbers(x.r.Context(), at, *in.PhoneNumberCountryCode, *in.PhoneNumberType, prefix, after, limit+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(n *string) string { return *n })
	out := &connect.SearchAvailablePhoneNumbersOutput{AvailableNumbersList: make([]connect.AvailableNumberSummary, len(found)), NextToken: next}
	for i := range found {
		out.AvailableNumbersList[i] = connect.AvailableNumberSummary{PhoneNumber: &found[i], PhoneNumberCountryCode: in.PhoneNumberCountryCode, PhoneNumberType: in.PhoneNumberType}
	}
	return out, nil
}

func (a *API) claimPhoneNumber(x *exchange, in *connect.ClaimPhoneNumberInput) (*connect.ClaimPhoneNumberOutput, error) {
	at, err := requiredTarget(in.TargetArn, in.InstanceId)
	if err != nil {
		return nil, err
	}
	once, err := catalog.NewClientToken(value(in.ClientToken), in.PhoneNumber, in.PhoneNumberDescription, in.Tags)
	if err != nil {
		return nil, err
	}
	n := &center.PhoneNumber{Head: head[center.PhoneNumberID](in.PhoneNumber, in.PhoneNumberDescription, in.Tags)}
	id, err := a.Catalog.ClaimNumber(x.r.Context(), at, n, once)
	if err != nil {
		return nil, err
	}
	arn := a.Partition.PhoneNumberARN(id)
	return &connect.ClaimPhoneNumberOutput{PhoneNumberId: text(id), PhoneNumberArn: &arn}, nil
}

func (a *API) describePhoneNumber(x *exchange, in *connect.DescribePhoneNumberInput) (*connect.DescribePhoneNumberOutput, error) {
	n, err := a.Catalog.PhoneNumber(x.r.Context(), center.ParsePhoneNumber(*in.PhoneNumberId))
	if err != nil {
		return nil, err
	}
	s, status := a.number(n), "CLAIMED"
	return &connect.DescribePhoneNumberOutput{ClaimedPhoneNumberSummary: &connect.ClaimedPhoneNumberSummary{
		PhoneNumberId: s.PhoneNumberId, PhoneNumberArn: s.PhoneNumberArn, PhoneNumber: s.PhoneNumber, PhoneNumberCountryCode: s.PhoneNumberCountryCode,
		PhoneNumberType: s.PhoneNumberType, PhoneNumberDescription: s.PhoneNumberDescription, TargetArn: s.TargetArn, InstanceId: s.InstanceId,
		Tags: n.Tags, PhoneNumberStatus: &connect.PhoneNumberStatus{Status: &status},
	}}, nil
}

// number is a phone number as it is shown.
func (a *API) number(n *catalog.ClaimedNumber) connect.ListPhoneNumbersSummary {
	arn, target := a.Partition.PhoneNumberARN(n.ID), a.Partition.InstanceARN(n.Instance)
	return connect.ListPhoneNumbersSummary{
		PhoneNumberId: text(n.ID), PhoneNumberArn: &arn, PhoneNumber: &n.Name, PhoneNumberCountryCode: &n.Country, PhoneNumberType: &n.Type,
		TargetArn: &target, InstanceId: text(n.Instance), PhoneNumberDescription: text(n.Description),
	}
}

func (a *API) updatePhoneNumber(x *exchange, in *connect.UpdatePhoneNumberInput) (*connect.UpdatePhoneNumberOutput, error) {
	to, err := requiredTarget(in.TargetArn, in.InstanceId)
	if err != nil {
		return nil, err
	}
	id := center.ParsePhoneNumber(*in.PhoneNumberId)
	if err := a.Catalog.MoveNumber(x.r.Context(), id, to); err != nil {
		return nil, err
	}
	arn := a.Partition.PhoneNumberARN(id)
	return &connect.UpdatePhoneNumberOutput{PhoneNumberId: text(id), PhoneNumberArn: &arn}, nil
}

func (a *API) updatePhoneNumberMetadata(x *exchange, in *connect.UpdatePhoneNumberMetadataInput) (*connect.UpdatePhoneNumberMetadataOutput, error) {
	err := a.Catalog.UpdateNumber(x.r.Context(), center.ParsePhoneNumber(*in.PhoneNumberId), func(n *center.PhoneNumber) error {
		set(&n.Description, in.PhoneNumberDescription)
		return nil
	})
	return &connect.UpdatePhoneNumberMetadataOutput{}, err
}

func (a *API) releasePhoneNumber(x *exchange, in *connect.ReleasePhoneNumberInput) (*connect.ReleasePhoneNumberOutput, error) {
	return &connect.ReleasePhoneNumberOutput{}, a.Catalog.ReleaseNumber(x.r.Context(), center.ParsePhoneNumber(*in.PhoneNumberId))
}

func (a *API) listPhoneNumbersV2(x *exchange, in *connect.ListPhoneNumbersV2Input) (*connect.ListPhoneNumbersV2Output, error) {
	at, err := numberTarget(in.TargetArn, in.InstanceId)
	if err != nil {
		return nil, err
	}
	prefix, err := numberPrefix(in.PhoneNumberPrefix)
	if err != nil {
		return nil, err
	}
	after, limit, err := page(in.NextToken, in.MaxResults, listNumbersPage)
	if err != nil {
		return nil, err
	}
	found, err := a.Catalog.ListNumbers(x.r.Context(), at, after, limit+1, numbersOf(in.PhoneNumberTypes, in.PhoneNumberCountryCodes, prefix))
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, func(n *catalog.ClaimedNumber) string { return string(n.ID) })
	out := &connect.ListPhoneNumbersV2Output{ListPhoneNumbersSummaryList: make([]connect.ListPhoneNumbersSummary, len(found)), NextToken: next}
	for i := range found {
		out.ListPhoneNumbersSummaryList[i] = a.number(&found[i])
	}
	return out, nil
}

func associatePhoneNumberContactFlow(c call, in *connect.AssociatePhoneNumberContactFlowInput) error {
	return c.Catalog.AssociateNumber(c.ctx(), c.at, center.ParsePhoneNumber(*in.PhoneNumberId), center.ParseFlow(*in.ContactFlowId).ID)
}

func disassociatePhoneNumberContactFlow(c call, in *connect.DisassociatePhoneNumberContactFlowInput) error {
	return c.Catalog.DisassociateNumber(c.ctx(), c.at, center.ParsePhoneNumber(*in.PhoneNumberId))
}
