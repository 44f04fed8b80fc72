package load

import (
	"encoding/json"
	"fmt"
	"time"
)

// Credentials are what a participant is given to connect with.
type Credentials struct {
	ContactID        string `json:"ContactId"`
	ParticipantID    string `json:"ParticipantId"`
	ParticipantToken string
}

// Connection is CreateParticipantConnection's answer.
type Connection struct {
	SocketURL string
	Token     string
}

// StartChat calls StartChatContact.
func (s *Server) StartChat(l *Line, clientToken string) (Credentials, error) {
	body, err := json.Marshal(map[string]any{
		"InstanceId": s.Instance, "ContactFlowId": s.Flow, "ClientToken": clientToken,
		"ParticipantDetails": map[string]string{"DisplayName": "Ana"},
	})
	if err != nil {
		return Credentials{}, err
	}
	var c Credentials
	return c, s.signedCall(l, "PUT", "/contact/chat", body, &c)
}

// AddBot calls CreateParticipant for a custom participant of a chat.
func (s *Server) AddBot(l *Line, contactID, clientToken string) (Credentials, error) {
	body, err := json.Marshal(map[string]any{
		"InstanceId": s.Instance, "ContactId": contactID, "ClientToken": clientToken,
		"ParticipantDetails": map[string]string{"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Bot"},
	})
	if err != nil {
		return Credentials{}, err
	}
	var answer struct {
		ParticipantID          string `json:"ParticipantId"`
		ParticipantCredentials struct{ ParticipantToken string }
	}
	err = s.signedCall(l, "POST", "/contact/create-participant", body, &answer)
	return Credentials{contactID, answer.ParticipantID, answer.ParticipantCredentials.ParticipantToken}, err
}

// Connect calls CreateParticipantConnection for a socket and credentials.
func (s *Server) Connect(l *Line, participantToken string) (Connection, error) {
	var answer struct {
		Websocket             struct{ Url string }
		ConnectionCredentials struct{ ConnectionToken string }
	}
	r := NewRequest(s.Address, "POST", "/participant/connection", "X-Amz-Bearer: "+participantToken)
	err := call(l, r, []byte(`{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]}`), &answer)
	return Connection{answer.Websocket.Url, answer.ConnectionCredentials.ConnectionToken}, err
}

// Enter calls CreateParticipantConnection for credentials alone, with ConnectParticipant: the participant is in the
// chat without a socket.
func (s *Server) Enter(l *Line, participantToken string) (Connection, error) {
	var answer struct {
		ConnectionCredentials struct{ ConnectionToken string }
	}
	r := NewRequest(s.Address, "POST", "/participant/connection", "X-Amz-Bearer: "+participantToken)
	err := call(l, r, []byte(`{"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true}`), &answer)
	return Connection{Token: answer.ConnectionCredentials.ConnectionToken}, err
}

// MessageRequest is the request that sends a message in the name of a connection; see [Message] for its body.
func (s *Server) MessageRequest(c Connection) Request {
	return NewRequest(s.Address, "POST", "/participant/message", "X-Amz-Bearer: "+c.Token)
}

// AppendMessage appends the body of SendMessage. Neither content nor token may need escaping.
func AppendMessage(dst []byte, content, clientToken []byte) []byte {
	dst = append(append(dst, `{"Content":"`...), content...)
	dst = append(append(dst, `","ContentType":"text/plain","ClientToken":"`...), clientToken...)
	return append(dst, `"}`...)
}

// SetAttribute calls UpdateContactAttributes.
func (s *Server) SetAttribute(l *Line, contactID, name, value string) error {
	body, err := json.Marshal(map[string]any{
		"InstanceId": s.Instance, "InitialContactId": contactID, "Attributes": map[string]string{name: value},
	})
	if err != nil {
		return err
	}
	return s.signedCall(l, "POST", "/contact/attributes", body, &struct{}{})
}

// Item is an item of a chat, as sockets and transcripts show it.
type Item struct {
	ID            string `json:"Id"`
	AbsoluteTime  string
	Type          string
	ContentType   string
	Content       string
	ParticipantID string `json:"ParticipantId"`
}

// ReadItem returns the item of a socket's frame; ok is false for frames of other topics.
func ReadItem(frame []byte) (it Item, ok bool, err error) {
	var f struct {
		Topic   string
		Content json.RawMessage
	}
	if err := json.Unmarshal(frame, &f); err != nil || f.Topic != "aws/chat" {
		return Item{}, false, err
	}
	var content string
	if err := json.Unmarshal(f.Content, &content); err != nil {
		return Item{}, false, err
	}
	return it, true, json.Unmarshal([]byte(content), &it)
}

// Transcript calls GetTranscript for the newest items, newest first, page by page, until the first call of enough that
// says so, or the beginning of the chat.
func (s *Server) Transcript(l *Line, connectionToken string, enough func(Item) bool) ([]Item, error) {
	r := NewRequest(s.Address, "POST", "/participant/transcript", "X-Amz-Bearer: "+connectionToken)
	var all []Item
	for next := ""; ; {
		body, err := json.Marshal(transcriptRequest{100, "BACKWARD", "DESCENDING", next})
		if err != nil {
			return nil, err
		}
		var page struct {
			Transcript []Item
			NextToken  string
		}
		if err := call(l, r, body, &page); err != nil {
			return nil, err
		}
		for _, it := range page.Transcript {
			if enough(it) {
				return all, nil
			}
			all = append(all, it)
		}
		if next = page.NextToken; next == "" {
			return all, nil
		}
	}
}

type transcriptRequest struct {
	MaxResults               int
	ScanDirection, SortOrder string
	NextToken                string `json:",omitempty"`
}

func (s *Server) signedCall(l *Line, method, path string, body []byte, answer any) error {
	headers, err := s.Sign(method, path, body, time.Now())
	if err != nil {
		return err
	}
	return call(l, NewRequest(s.Address, method, path, headers...), body, answer)
}

func call(l *Line, r Request, body []byte, answer any) error {
	raw, err := l.Call(r, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("answer %q: %w", raw, err)
	}
	return nil
}
