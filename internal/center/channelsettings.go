package center

import "slices"

// channels are all that a user can have settings of. Phones are for VOICE.
var channels = []string{ChannelVoice, ChannelChat, ChannelTask, ChannelEmail}

// maxAfterContactWork is the longest time for work after a contact in seconds, 24 days.
const maxAfterContactWork = 2_000_000

// ChannelSettings are how a user works on each channel. PhoneConfig is another view of the same settings: its
// AfterContactWorkTimeLimit is every channel's, all else is of VOICE.
type ChannelSettings struct {
	AutoAccept       []AutoAccept       `json:"autoAccept,omitempty"`
	AfterContactWork []AfterContactWork `json:"afterContactWork,omitempty"`
	Phone            []PhoneSetting     `json:"phone,omitempty"`
	Persistent       []PersistentLine   `json:"persistent,omitempty"`
	Enhancement      []VoiceEnhancement `json:"enhancement,omitempty"`
}

// AutoAccept says whether contacts of a channel are connected to the agent without being accepted.
type AutoAccept struct {
	Channel string `json:"channel"`
	On      bool   `json:"on"`
	// FirstCallback is the same for callbacks that ring the agent first. nil: not given.
	FirstCallback *bool `json:"firstCallback,omitempty"`
}

// AfterContactWork is how many seconds an agent has for work after a contact of a channel; 0 is without end.
type AfterContactWork struct {
	Channel string `json:"channel"`
	Limit   int    `json:"limit"`
	// FirstCallback is the same after callbacks that ring the agent first. nil: not given.
	FirstCallback *int `json:"firstCallback,omitempty"`
}

// PhoneSetting is the phone that calls ring at.
type PhoneSetting struct {
	Channel string `json:"channel"`
	Type    string `json:"type"`
	Number  string `json:"number,omitempty"`
}

// PersistentLine says whether an agent's line is kept open between calls.
type PersistentLine struct {
	Channel string `json:"channel"`
	On      bool   `json:"on"`
}

// VoiceEnhancement is how an agent's voice is made clearer.
type VoiceEnhancement struct {
	Channel string `json:"channel"`
	Mode    string `json:"mode"`
}

// Types of phones, as the API spells them.
const (
	SoftPhone = "SOFT_PHONE"
	DeskPhone = "DESK_PHONE"
)

// PhoneConfig is a user's settings as one value for all channels.
type PhoneConfig struct {
	Type       string
	Number     string
	AutoAccept bool
	// AfterContactWork is in seconds.
	AfterContactWork int
	// Persistent is nil where it was never given.
	Persistent *bool
}

// PhoneConfig is what of the settings holds for VOICE.
func (s *ChannelSettings) PhoneConfig() PhoneConfig {
	p := PhoneConfig{Type: SoftPhone}
	if i := slices.IndexFunc(s.Phone, func(c PhoneSetting) bool { return c.Channel == ChannelVoice }); i >= 0 {
		p.Type, p.Number = s.Phone[i].Type, s.Phone[i].Number
	}
	if i := slices.IndexFunc(s.AutoAccept, func(c AutoAccept) bool { return c.Channel == ChannelVoice }); i >= 0 {
		p.AutoAccept = s.AutoAccept[i].On
	}
	if i := slices.IndexFunc(s.AfterContactWork, func(c AfterContactWork) bool { return c.Channel == ChannelVoice }); i >= 0 {
		p.AfterContactWork = s.AfterContactWork[i].Limit
	}
	if i := slices.IndexFunc(s.Persistent, func(c PersistentLine) bool { return c.Channel == ChannelVoice }); i >= 0 {
		p.Persistent = &s.Persistent[i].On
	}
	return p
}

// SetPhoneConfig replaces the settings that a PhoneConfig has: whether contacts of other channels than VOICE are accepted
// by themselves stays as it is.
func (s *ChannelSettings) SetPhoneConfig(p PhoneConfig) {
	s.Phone = []PhoneSetting{{Channel: ChannelVoice, Type: p.Type, Number: p.Number}}
	s.AutoAccept = append([]AutoAccept{{Channel: ChannelVoice, On: p.AutoAccept}},
		slices.DeleteFunc(slices.Clone(s.AutoAccept), func(c AutoAccept) bool { return c.Channel == ChannelVoice })...)
	s.AfterContactWork = nil
	for _, c := range channels {
		s.AfterContactWork = append(s.AfterContactWork, AfterContactWork{Channel: c, Limit: p.AfterContactWork})
	}
	s.Persistent = nil
	if p.Persistent != nil {
		s.Persistent = []PersistentLine{{Channel: ChannelVoice, On: *p.Persistent}}
	}
}

// Check refuses settings that cannot be.
func (s *ChannelSettings) Check() error {
	for i, c := range s.AutoAccept {
		if c.FirstCallback != nil && c.Channel != ChannelVoice {
			return Refuse(InvalidRequest, "AutoAcceptConfigs[%d].AgentFirstCallbackAutoAccept is for the channel VOICE alone", i)
		}
	}
	for i, c := range s.AfterContactWork {
		if c.FirstCallback != nil && c.Channel != ChannelVoice {
			return Refuse(InvalidRequest, "AfterContactWorkConfigs[%d].AgentFirstCallbackAfterContactWorkConfig is for the channel VOICE alone", i)
		}
		for _, limit := range []*int{&c.Limit, c.FirstCallback} {
			if limit != nil && (*limit < 0 || *limit > maxAfterContactWork) {
				return Refuse(InvalidParameter, "AfterContactWorkTimeLimit must be 0 to %d seconds, got %d", maxAfterContactWork, *limit)
			}
		}
	}
	for _, c := range s.Phone {
		if c.Type == DeskPhone && c.Number == "" {
			return Refuse(InvalidRequest, "a phone number is required for the phone type %s", DeskPhone)
		}
	}
	for _, list := range []struct {
		name     string
		channels []string
		voice    bool // it is for VOICE alone
	}{
		{"AutoAcceptConfigs", channelsOf(s.AutoAccept, func(c *AutoAccept) string { return c.Channel }), false},
		{"AfterContactWorkConfigs", channelsOf(s.AfterContactWork, func(c *AfterContactWork) string { return c.Channel }), false},
		{"PhoneNumberConfigs", channelsOf(s.Phone, func(c *PhoneSetting) string { return c.Channel }), true},
		{"PersistentConnectionConfigs", channelsOf(s.Persistent, func(c *PersistentLine) string { return c.Channel }), true},
		{"VoiceEnhancementConfigs", channelsOf(s.Enhancement, func(c *VoiceEnhancement) string { return c.Channel }), true},
	} {
		for i, c := range list.channels {
			switch {
			case list.voice && c != ChannelVoice:
				return Refuse(InvalidRequest, "%s[%d].Channel must be %s", list.name, i, ChannelVoice)
			case slices.Contains(list.channels[:i], c):
				return Refuse(InvalidRequest, "%s must have each channel once, got %s twice", list.name, c)
			}
		}
	}
	return nil
}

func channelsOf[T any](list []T, channel func(*T) string) []string {
	names := make([]string, len(list))
	for i := range list {
		names[i] = channel(&list[i])
	}
	return names
}
