package desk

import (
	"math"
	"strconv"
	"time"
)

// What an agent's client is shown: its state, its contacts and how it is configured. The members are those of the snapshot and
// the configuration of amazon-connect-streams; times are seconds since 1970, which a client's frame turns into Date objects.
// Nothing of it is stored.

type agentState struct {
	ARN   string   `json:"agentStateARN"`
	Type  string   `json:"type" rule:"enum=routable|not_routable|offline"`
	Name  string   `json:"name"`
	Start *float64 `json:"startTimestamp"`
}

type availability struct {
	agentState
	State     string  `json:"state"`
	TimeStamp float64 `json:"timeStamp"`
}

type snapshot struct {
	State        agentState    `json:"state"`
	NextState    *agentState   `json:"nextState"`
	Availability availability  `json:"agentAvailabilityState"`
	Contacts     []contactView `json:"contacts"`
	At           float64       `json:"snapshotTimestamp"`
}

type stateView struct {
	Type string  `json:"type"`
	At   float64 `json:"timestamp"`
}

type queueView struct {
	ARN  string  `json:"queueARN"`
	Name *string `json:"name"`
	ID   string  `json:"queueId"`
}

type endpointView struct {
	ARN   *string `json:"endpointARN"`
	Type  string  `json:"type"`
	Name  *string `json:"name"`
	Phone *string `json:"phoneNumber"`
	Login *string `json:"agentLogin"`
	Queue *string `json:"queue"`
}

type chatMedia struct {
	AutoAccept   *bool   `json:"chatAutoAccept"`
	Connection   *string `json:"connectionData"`
	CustomerName *string `json:"customerName"`
	AgentName    *string `json:"agentName,omitempty"`
}

type monitoring struct {
	Joined float64 `json:"joinTimeStamp"`
}

type connectionView struct {
	ID            string        `json:"connectionId"`
	Type          string        `json:"type"`
	Initial       bool          `json:"initial"`
	Endpoint      *endpointView `json:"endpoint"`
	State         stateView     `json:"state"`
	Chat          *chatMedia    `json:"chatMediaInfo"`
	Softphone     *struct{}     `json:"softphoneMediaInfo"`
	Monitoring    *monitoring   `json:"monitoringInfo"`
	Mute          *bool         `json:"mute"`
	ForcedMute    *bool         `json:"forcedMute"`
	QuickConnect  *string       `json:"quickConnectName"`
	Capabilities  []string      `json:"monitorCapabilities" rule:"null"`
	MonitorStatus *string       `json:"monitorStatus"`
}

type attributeView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type features struct {
	Attachments bool  `json:"attachmentsEnabled"`
	Markdown    bool  `json:"messagingMarkdownEnabled"`
	MultiParty  *bool `json:"multiPartyConferenceEnabled"`
}

type contactView struct {
	ID          string                   `json:"contactId"`
	Initial     *string                  `json:"initialContactId"`
	Related     *string                  `json:"relatedContactId"`
	Association *string                  `json:"contactAssociationId"`
	Type        string                   `json:"type"`
	State       stateView                `json:"state"`
	Queue       *queueView               `json:"queue"`
	QueueTime   *float64                 `json:"queueTimestamp"`
	Connections []connectionView         `json:"connections"`
	Attributes  map[string]attributeView `json:"attributes" rule:"null"`
	Duration    string                   `json:"contactDuration"`
	Name        *string                  `json:"name"`
	Description *string                  `json:"description"`
	References  map[string]referenceView `json:"references" rule:"null"`
	Method      string                   `json:"initiationMethod"`
	Features    features                 `json:"contactFeatures"`
	Segment     map[string]segmentView   `json:"segmentAttributes" rule:"null"`
	Handling    handling                 `json:"agentContactHandlingConfig"`
	Channel     *struct{}                `json:"channelContext"`
	Customer    *endpointView            `json:"customerEndpoint"`
	System      *endpointView            `json:"connectSystemEndpoint"`
}

type handling struct {
	AutoAccept bool `json:"autoAccept"`
}

// segmentView is a segment attribute with the members of the API.
type segmentView struct {
	ARN     *string                `json:"ValueArn,omitempty"`
	Integer *int64                 `json:"ValueInteger,omitempty"`
	List    []segmentView          `json:"ValueList,omitzero"`
	Map     map[string]segmentView `json:"ValueMap,omitzero"`
	String  *string                `json:"ValueString,omitempty"`
}

type referenceView struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

type profileView struct {
	Name        string         `json:"name"`
	ARN         string         `json:"routingProfileARN"`
	ID          string         `json:"routingProfileId"`
	Outbound    *queueView     `json:"defaultOutboundQueue"`
	Concurrency map[string]int `json:"channelConcurrencyMap"`
	Queues      []queueView    `json:"queues"`
}

type configuration struct {
	Name        string            `json:"name"`
	Username    string            `json:"username"`
	FirstName   string            `json:"firstName"`
	LastName    string            `json:"lastName"`
	ARN         string            `json:"agentARN"`
	Softphone   bool              `json:"softphoneEnabled"`
	AutoAnswer  bool              `json:"softphoneAutoAccept"`
	Persistent  bool              `json:"softphonePersistentConnection"`
	Extension   string            `json:"extension"`
	Preferences map[string]string `json:"agentPreferences"`
	Profile     profileView       `json:"routingProfile"`
	Permissions []string          `json:"permissions"`
	Countries   []string          `json:"dialableCountries"`
	States      []agentState      `json:"agentStates"`
}

func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Max(0, d.Seconds())), 10)
}

// seconds is a time as the desk's clients read it: seconds since 1970, with milliseconds.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
