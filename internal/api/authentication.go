package api

import (
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
)

// The sign-in of a customer during a chat, which a flow has asked for.

var authenticationOps = map[string]handler{
	"UpdateParticipantAuthentication": signedOp((*API).updateParticipantAuthentication),
}

var participantAuthenticationOps = map[string]handler{
	"CancelParticipantAuthentication": bearerOp((*API).cancelParticipantAuthentication),
	"GetAuthenticationUrl":            bearerOp((*API).getAuthenticationURL),
}

// updateParticipantAuthentication takes what the sign-in page has redirected with. ErrorDescription is for people: the
// flow has no use for it.
func (a *API) updateParticipantAuthentication(x *exchange, in *connect.UpdateParticipantAuthenticationInput) (*connect.UpdateParticipantAuthenticationOutput, error) {
	err := a.Chats.ResumeAuthentication(x.r.Context(), center.ParseInstance(*in.InstanceId), chat.SignInBack{
		State: *in.State, Code: value(in.Code), Error: value(in.Error),
	})
	return &connect.UpdateParticipantAuthenticationOutput{}, err
}

func (a *API) getAuthenticationURL(x *exchange, who chat.Caller, in *participant.GetAuthenticationUrlInput) (*participant.GetAuthenticationUrlOutput, error) {
	page, err := a.Chats.AuthenticationURL(x.r.Context(), who, *in.SessionId, *in.RedirectUri)
	if err != nil {
		return nil, err
	}
	return &participant.GetAuthenticationUrlOutput{AuthenticationUrl: &page}, nil
}

func (a *API) cancelParticipantAuthentication(x *exchange, who chat.Caller, in *participant.CancelParticipantAuthenticationInput) (*participant.CancelParticipantAuthenticationOutput, error) {
	err := a.Chats.CancelAuthentication(x.r.Context(), who, *in.SessionId)
	return &participant.CancelParticipantAuthenticationOutput{}, err
}
