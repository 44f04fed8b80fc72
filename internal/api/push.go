package api

import (
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var pushOps = map[string]handler{
	"CreatePushNotificationRegistration": answers(func(c call, in *connect.CreatePushNotificationRegistrationInput) (*connect.CreatePushNotificationRegistrationOutput, error) {
		of := in.ContactConfiguration
		if role := value(of.ParticipantRole); role != "" && role != string(center.RoleCustomer) {
			return nil, center.Refuse(center.InvalidParameter, "ContactConfiguration.ParticipantRole must be %s", center.RoleCustomer)
		}
		id, err := c.Chats.RegisterPush(c.ctx(), c.at, contactID(of.ContactId), center.PushRegistration{
			App: *in.PinpointAppArn, Token: *in.DeviceToken, DeviceType: *in.DeviceType, Raw: value(of.IncludeRawMessage),
		})
		return &connect.CreatePushNotificationRegistrationOutput{RegistrationId: &id}, err
	}),
	"DeletePushNotificationRegistration": does[connect.DeletePushNotificationRegistrationOutput](func(c call, in *connect.DeletePushNotificationRegistrationInput) error {
		return c.Chats.UnregisterPush(c.ctx(), c.at, contactID(in.ContactId), strings.ToLower(*in.RegistrationId))
	}),
}
