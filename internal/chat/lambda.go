package chat

import (
	"bytes"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/flow"
)

// lambdaEvent is what Amazon Connect hands to a function. Members that are null are there as null.
// Source: Amazon Connect Administrator Guide, "Grant Amazon Connect access to your AWS Lambda functions", and an event of
// a chat as published by those who logged it.
type lambdaEvent struct {
	Name    string
	Details struct {
		ContactData *contactData
		Parameters  parameters
	}
}

func newLambdaEvent(contact *contactData, p []flow.Parameter) *lambdaEvent {
	e := &lambdaEvent{Name: "ContactFlowEvent"}
	e.Details.ContactData, e.Details.Parameters = contact, p
	return e
}

// contactData is the contact as functions see it.
type contactData struct {
	Attributes        map[string]string
	AwsRegion         string
	Channel           string
	ContactID         string    `json:"ContactId"`
	CustomerEndpoint  *struct{} // chats on the web have none
	CustomerID        *string   `json:"CustomerId"`
	Description       *string
	InitialContactID  string `json:"InitialContactId"`
	InitiationMethod  string
	InstanceARN       string
	LanguageCode      *string
	MediaStreams      mediaStreams
	Name              *string
	PreviousContactID string `json:"PreviousContactId"`
	Queue             *queueData
	References        map[string]referenceData
	RelatedContactID  string `json:"RelatedContactId,omitempty"`
	SegmentAttributes map[string]segmentValue
	SystemEndpoint    *struct{}
	Tags              map[string]string
}

type mediaStreams struct {
	Customer struct{ Audio struct{} }
}

type queueData struct {
	ARN              string
	Name             string
	OutboundCallerID *callerID `json:"OutboundCallerId"`
}

type callerID struct{ Address, Type string }

type referenceData struct{ Type, Value string }

// segmentValue is the union, all of whose members are there.
type segmentValue struct {
	ValueString  *string
	ValueArn     *string
	ValueInteger *int64
	ValueList    []segmentValue
	ValueMap     map[string]segmentValue
}

// contactDataOf shows a contact as its flow knows it at the moment.
func contactDataOf(f *flow.Contact, contact *center.Contact) *contactData {
	d := &contactData{
		Attributes: f.Attributes, AwsRegion: f.AwsRegion, Channel: "CHAT", ContactID: f.ContactID, CustomerID: orNull(f.CustomerID),
		Description: orNull(f.Description), InitialContactID: f.InitialContactID, InitiationMethod: f.InitiationMethod,
		InstanceARN: f.InstanceARN, LanguageCode: orNull(f.LanguageCode), Name: orNull(f.Name), PreviousContactID: f.PreviousContactID,
		References: map[string]referenceData{}, RelatedContactID: string(contact.Related),
		SegmentAttributes: segmentValues(contact.SegmentAttributes), Tags: f.Tags,
	}
	if d.Attributes == nil {
		d.Attributes = map[string]string{}
	}
	if d.Tags == nil {
		d.Tags = map[string]string{}
	}
	for name, r := range f.References {
		d.References[name] = referenceData{r.Type, r.Value}
	}
	if f.Queue.ARN != "" {
		d.Queue = &queueData{ARN: f.Queue.ARN, Name: f.Queue.Name}
		if f.Queue.OutboundCallerID != "" {
			d.Queue.OutboundCallerID = &callerID{f.Queue.OutboundCallerID, "TELEPHONE_NUMBER"}
		}
	}
	return d
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func segmentValues(all map[string]center.SegmentAttribute) map[string]segmentValue {
	values := make(map[string]segmentValue, len(all))
	for name, v := range all {
		values[name] = segmentValueOf(v)
	}
	return values
}

func segmentValueOf(a center.SegmentAttribute) segmentValue {
	v := segmentValue{ValueString: a.ValueString, ValueArn: a.ValueArn, ValueInteger: a.ValueInteger}
	if a.ValueMap != nil {
		v.ValueMap = segmentValues(a.ValueMap)
	}
	if a.ValueList != nil {
		v.ValueList = make([]segmentValue, len(a.ValueList))
		for i, within := range a.ValueList {
			v.ValueList[i] = segmentValueOf(within)
		}
	}
	return v
}

// parameters are an object whose members stand in the order of the flow.
type parameters []flow.Parameter

// MarshalJSON writes what a reference led nowhere for as null. Of two with one name the last holds.
func (p parameters) MarshalJSON() ([]byte, error) {
	last := map[string]int{}
	for i, one := range p {
		last[one.Name] = i
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range p {
		if last[one.Name] != i {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		value := any(one.Value)
		if one.Null {
			value = nil
		}
		for sep, v := range []any{one.Name, value} {
			if sep > 0 {
				b.WriteByte(':')
			}
			text, err := plainJSON(v)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
