package center

import "strings"

// PhoneNumberID names a claimed phone number.
type PhoneNumberID string

// PhoneNumber is a number that has been claimed to an instance. Its name is the number itself. No call comes in and none goes
// out: queues and flows may refer to it.
type PhoneNumber struct {
	Head[PhoneNumberID]
	Country string `json:"country"`
	Type    string `json:"type"`
}

// PhoneNumberARN returns the ARN of a phone number, which is the account's and not an instance's.
func (p Partition) PhoneNumberARN(id PhoneNumberID) string {
	return "arn:aws:connect:" + p.Region + ":" + p.Account + ":phone-number/" + string(id)
}

// ParsePhoneNumber accepts a bare id, an ARN, and the older form of the ARN, which names the instance.
func ParsePhoneNumber(s string) PhoneNumberID {
	if strings.HasPrefix(s, "arn:") {
		if i := strings.LastIndex(s, "phone-number/"); i >= 0 {
			s = s[i+len("phone-number/"):]
		}
	}
	return PhoneNumberID(strings.ToLower(s))
}

// VoicePhoneNumber is the type of a [FlowAssociation] of a phone number.
const VoicePhoneNumber = "VOICE_PHONE_NUMBER"
