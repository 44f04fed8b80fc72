package api

import (
	"fmt"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

// updateParticipantRoleConfig sets how long the customer and agents of a chat may be silent.
func updateParticipantRoleConfig(c call, in *connect.UpdateParticipantRoleConfigInput) error {
	chat := in.ChannelConfiguration.Chat
	if chat == nil {
		return center.Refuse(center.InvalidRequest, "ChannelConfiguration.Chat is required: timers are for chats only")
	}
	all := make([]center.TimerSetting, len(chat.ParticipantTimerConfigList))
	for i := range all {
		entry := &chat.ParticipantTimerConfigList[i]
		all[i] = center.TimerSetting{Role: center.Role(*entry.ParticipantRole), Type: center.TimerType(*entry.TimerType)}
		v := entry.TimerValue
		if (v.ParticipantTimerAction == nil) == (v.ParticipantTimerDurationInMinutes == nil) {
			return center.Refuse(center.InvalidParameter,
				"ChannelConfiguration.Chat.%s must have one member: ParticipantTimerAction or ParticipantTimerDurationInMinutes",
				fmt.Sprintf("ParticipantTimerConfigList[%d].TimerValue", i))
		}
		all[i].Minutes = int(value(v.ParticipantTimerDurationInMinutes)) // without it, the action is Unset, the only one
	}
	return c.Chats.SetTimers(c.ctx(), c.at, contactID(in.ContactId), all)
}
