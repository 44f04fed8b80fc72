package center

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// PushRegistration is a device that its owner wants to be told of a chat's messages on. It belongs to the chat and is
// erased with it. Nothing is pushed yet.
type PushRegistration struct {
	ID         string `json:"id"`
	App        string `json:"app"` // the ARN of what pushes
	Token      string `json:"token"`
	DeviceType string `json:"deviceType"`
	Raw        bool   `json:"raw,omitempty"` // what is pushed has the message in it
}

// maxPushRegistrations is how many devices one chat may have (inferred; Amazon Connect names no number).
const maxPushRegistrations = 10

// RegisterPush adds a device to a chat that goes on. A device that is there already gets what is said of it now, and keeps
// the id.
func (d *Draft) RegisterPush(r PushRegistration) (id string, err error) {
	if err := checkServiceARN("PinpointAppArn", r.App, "mobiletargeting", false); err != nil {
		return "", err
	}
	if strings.TrimSpace(r.Token) == "" {
		return "", Refuse(InvalidParameter, "DeviceToken must not be blank, got %d spaces", utf8.RuneCountInString(r.Token))
	}
	if !d.Chat.Ended.IsZero() {
		return "", Refuse(ContactNotFound, "the chat has ended: there is nothing more to push")
	}
	r.ID = SeededID(d.Chat.Instance, "push-registration", string(d.Chat.ID)+" "+r.Token)
	i := slices.IndexFunc(d.Chat.Push, func(old PushRegistration) bool { return old.ID == r.ID })
	switch {
	case i >= 0 && d.Chat.Push[i] == r:
		return r.ID, nil
	case i >= 0:
		d.Edit().Push[i] = r
	case len(d.Chat.Push) >= maxPushRegistrations:
		return "", Refuse(QuotaExceeded, "a chat may have at most %d devices to push to", maxPushRegistrations)
	default:
		chat := d.Edit()
		chat.Push = append(chat.Push, r)
	}
	return r.ID, nil
}

// UnregisterPush takes a device away.
func (d *Draft) UnregisterPush(id string) error {
	i := slices.IndexFunc(d.Chat.Push, func(r PushRegistration) bool { return r.ID == id })
	if i < 0 {
		return Refuse(NotFound, "Resource not found of Type: PUSH_NOTIFICATION_REGISTRATION %s", Printable(id))
	}
	chat := d.Edit()
	chat.Push = slices.Delete(chat.Push, i, i+1)
	return nil
}
