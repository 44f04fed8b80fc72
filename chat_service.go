package parley

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"

	"github.com/parley-chat/parley/internal/conversation"
)

// pageSize is what GetTranscript gives out at most.
const pageSize = 100

// participantService calls for a conversation what it needs of the API.
type participantService struct {
	client *Client
	token  string // the participant token, which opens connections
}

func (s *participantService) Connect(ctx context.Context) (conversation.Credentials, error) {
	out, err := s.client.CreateParticipantConnection().ParticipantToken(s.token).
		SetType([]types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials}).Send(ctx)
	if err != nil {
		return conversation.Credentials{}, err
	}
	if out.Websocket == nil || out.ConnectionCredentials == nil {
		return conversation.Credentials{}, unreadable("CreateParticipantConnection", errors.New("the answer holds no socket and credentials"))
	}
	return conversation.Credentials{
		URL: given(out.Websocket.Url), Token: given(out.ConnectionCredentials.ConnectionToken),
		Expiry: conversation.ParseTime(given(out.ConnectionCredentials.Expiry)),
	}, nil
}

func (s *participantService) Transcript(ctx context.Context, token, next string) (page conversation.Page, err error) {
	request := s.client.GetTranscript().ConnectionToken(token).MaxResults(pageSize).
		ScanDirection(types.ScanDirectionBackward).SortOrder(types.SortKeyDescending)
	if next != "" {
		request.NextToken(next)
	}
	out, err := request.Send(ctx)
	if err != nil {
		return page, err
	}
	page.Next = given(out.NextToken)
	for i := range out.Transcript {
		it, err := itemOf(&out.Transcript[i])
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, it)
	}
	return page, nil
}

// itemOf reads an item of the SDK's as one of a frame: their members have the same names.
func itemOf(known *types.Item) (it conversation.Item, err error) {
	raw, err := json.Marshal(known)
	if err == nil {
		err = json.Unmarshal(raw, &it)
	}
	if err != nil {
		err = unreadable("GetTranscript", err)
	}
	return it, err
}

// unreadable is an answer that is not what the operation answers.
func unreadable(operation string, err error) *Error {
	return &Error{Kind: KindResponse, Operation: operation, Attempts: 1, StatusCode: 200, Err: err}
}

func (*participantService) IsDenied(err error) bool { return IsAccessDenied(err) }

func (*participantService) IsFinal(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == KindConstruction || e.Kind == KindService && e.StatusCode < 500 && !IsRetryable(err))
}

// explain makes an Error of what was wrong with a socket, so that it looks like what is wrong with operations.
func explain(err error) error {
	var broken *conversation.SocketError
	if !errors.As(err, &broken) {
		return err
	}
	kinds := map[conversation.Failure]Kind{
		conversation.NoAnswer: KindDispatch, conversation.TimedOut: KindTimeout,
		conversation.NotUnderstood: KindResponse, conversation.Refused: KindService,
	}
	e := &Error{
		Kind: kinds[broken.Failure], Operation: "WebSocket", Attempts: 1,
		Endpoint: broken.Endpoint, StatusCode: broken.Status, Err: broken.Err,
	}
	if around := strings.TrimSuffix(err.Error(), broken.Error()); around != "" {
		return fmt.Errorf("%s%w", around, e)
	}
	return e
}
