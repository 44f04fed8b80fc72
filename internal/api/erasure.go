package api

import (
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var erasureOps = map[string]handler{
	"DeleteContactData": signedOp((*API).deleteContactData),
}

func (a *API) deleteContactData(x *exchange, in *connect.DeleteContactDataInput) (*connect.DeleteContactDataOutput, error) {
	err := a.Chats.DeleteContactData(x.r.Context(), center.ParseInstance(*in.InstanceId), contactID(in.ContactId), in.ContactFields)
	return &connect.DeleteContactDataOutput{}, err
}
