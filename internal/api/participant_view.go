package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/wire/participant"
)

var participantViewOps = map[string]handler{
	"DescribeView": bearerOp((*API).openView),
}

// openView answers a participant with the view that a message of their chat has a token of.
func (a *API) openView(x *exchange, who chat.Caller, in *participant.DescribeViewInput) (*participant.DescribeViewOutput, error) {
	v, err := a.Chats.OpenView(x.r.Context(), who, *in.ViewToken)
	if err != nil {
		return nil, err
	}
	return &participant.DescribeViewOutput{View: &participant.View{
		Id: text(v.Ref.ID), Arn: &v.ARN, Name: &v.Name, Version: viewVersion(v),
		Content: &participant.ViewContent{InputSchema: &v.Content.InputSchema, Template: &v.Content.Template, Actions: v.Content.Actions},
	}}, nil
}

// viewVersion is absent where a view was found under a name that moves.
func viewVersion(v *catalog.View) *int64 {
	if v.Version == 0 {
		return nil
	}
	n := int64(v.Version)
	return &n
}
