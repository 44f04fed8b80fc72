package center

import (
	"maps"
	"strings"
	"unicode/utf8"
)

// Content types of what clients are told of a customer's sign-in.
// Source: the events that amazon-connect-chatjs subscribes to.
const (
	EventAuthenticationInitiated = eventPrefix + "authentication.initiated"
	EventAuthenticationSucceeded = eventPrefix + "authentication.succeeded"
	EventAuthenticationFailed    = eventPrefix + "authentication.failed"
	EventAuthenticationTimeout   = eventPrefix + "authentication.timeout"
	EventAuthenticationExpired   = eventPrefix + "authentication.expired"
	EventAuthenticationCancelled = eventPrefix + "authentication.cancelled"
	EventDisplayNameUpdated      = eventPrefix + "participant.displayname.updated"
)

// Values of an [Authentication]'s Status.
// Source: Amazon Connect Administrator Guide, "List of available contact attributes", segment attributes.
const (
	StatusAuthenticated = "AUTHENTICATED"
	StatusFailed        = "FAILED"
	StatusTimeout       = "TIMEOUT"
)

// Authentication is what a contact's segment attribute connect:CustomerAuthentication says; members that are empty are
// not there.
type Authentication struct {
	Status   string
	Provider string // who vouches for the customer
	Client   string // the app client that they signed in for
	Customer string // their id there
}

// authenticationKey is the segment attribute, and methodConnect its AuthenticationMethod when a flow has asked for the
// sign-in.
const (
	authenticationKey = systemKey + "CustomerAuthentication"
	methodConnect     = "CONNECT"
)

// SetAuthentication writes what is known of the customer by a sign-in that a flow has asked for.
func (d *Draft) SetAuthentication(a Authentication) {
	m := map[string]SegmentAttribute{}
	method := methodConnect
	for name, value := range map[string]*string{
		"Status": &a.Status, "IdentityProvider": &a.Provider, "ClientId": &a.Client, "AssociatedCustomerId": &a.Customer,
		"AuthenticationMethod": &method,
	} {
		if *value != "" {
			m[name] = SegmentAttribute{ValueString: value}
		}
	}
	c := d.Edit().Current()
	all := maps.Clone(c.SegmentAttributes)
	if all == nil {
		all = map[string]SegmentAttribute{}
	}
	all[authenticationKey] = SegmentAttribute{ValueMap: m}
	c.SegmentAttributes, c.LastUpdate = all, d.Now
}

// TellAuthentication tells clients how the customer's sign-in goes. The transcript does not keep it.
func (d *Draft) TellAuthentication(contentType, content string) {
	customer, _ := d.Chat.With(RoleCustomer)
	d.event(contentType, customer, false).Content = content
}

// maxDisplayName is StartChatContact's limit.
const maxDisplayName = 256

// RenameCustomer gives the customer another display name and tells clients so. A name that StartChatContact would not take
// changes nothing.
func (d *Draft) RenameCustomer(name string) {
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > maxDisplayName {
		return
	}
	if customer, ok := d.Chat.With(RoleCustomer); !ok || customer.DisplayName == name {
		return
	}
	d.Edit()
	customer, _ := d.Chat.With(RoleCustomer) // in the copy
	customer.DisplayName = name
	d.event(EventDisplayNameUpdated, customer, false)
}
