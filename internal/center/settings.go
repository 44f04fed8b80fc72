package center

import "time"

// Settings are the rules that an operator may choose; the zero value is refused nowhere but means AWS's figures
// only through [DefaultSettings].
type Settings struct {
	ConnectWithin    time.Duration // the customer's first connection; Amazon Connect: 5 minutes
	JoinWithin       time.Duration // a custom participant's first connection; Amazon Connect: 15 s
	ClientTokenLife  time.Duration // how long a repeated StartChatContact finds the first one: 7 days
	RehydrationDelay time.Duration // how long after its end a session can be read on into; Amazon Connect: 30–60 s
	ActiveChats      int           // concurrent active chats of an instance; 0: no limit. Amazon Connect: 500
	ResourceQuotas   bool          // Amazon Connect's default quotas of flows, modules, functions and bots
	KeepChats        time.Duration // how long after its end a chat is erased; 0: never
	KeepContacts     time.Duration // how long after its end what is known of a contact is deleted; 0: never
	KeepAudit        time.Duration // how long entries of the audit log are kept; 0: for ever
	LegacySizes      bool          // the older limits by content type: 1,024 characters of text, 12,000 of JSON
}

// DefaultSettings returns AWS's documented times, no quota and no delay.
func DefaultSettings() Settings {
	return Settings{
		ConnectWithin: 5 * time.Minute, JoinWithin: 15 * time.Second, ClientTokenLife: 7 * 24 * time.Hour,
		KeepContacts: 730 * 24 * time.Hour, // 24 months (admin guide, "Data model for contact records")
		KeepAudit:    730 * 24 * time.Hour,
	}
}
