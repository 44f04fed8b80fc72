package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/parley-chat/parley/internal/conversation"
)

// chatService calls the operations that a customer needs. Package parley does that too, by the AWS SDK's clients, which
// would make this binary half as large again and a server's memory a quarter larger; of the SDK it has the signer alone.
type chatService struct {
	connect     string // base URLs
	participant string
	region      string
	key         aws.Credentials
	http        *http.Client
	token       string // the participant token, once the chat is started
}

// The requests and answers, as the API model has them.
type (
	startChat struct {
		InstanceID                     string            `json:"InstanceId"`
		ContactFlowID                  string            `json:"ContactFlowId"`
		Attributes                     map[string]string `json:",omitempty"`
		ParticipantDetails             displayName
		InitialMessage                 *chatMessage    `json:",omitempty"`
		PersistentChat                 *persistentChat `json:",omitempty"`
		SupportedMessagingContentTypes []string
		ClientToken                    string
	}
	displayName struct{ DisplayName string }
	chatView    struct {
		ID      string `json:"Id"`
		Content struct {
			Template string
			Actions  []string
		}
	}
	chatMessage    struct{ ContentType, Content string }
	persistentChat struct {
		RehydrationType string
		SourceContactID string `json:"SourceContactId"`
	}
	startedChat struct {
		ContactID        string `json:"ContactId"`
		ParticipantID    string `json:"ParticipantId"`
		ParticipantToken string
	}
)

// service leads to the server, with credentials.
func (c *chatCmd) service(ctx context.Context) (*chatService, error) {
	s := &chatService{region: c.Region, http: &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.Endpoint == "aws" {
		s.connect = "https://connect." + c.Region + ".amazonaws.com"
		s.participant = "https://participant.connect." + c.Region + ".amazonaws.com"
	} else {
		u, err := url.Parse(c.Endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
			return nil, errors.New("--endpoint must be aws, or a URL such as http://127.0.0.1:4510; what its user or password has besides letters and digits must be escaped")
		}
		s.connect = strings.TrimSuffix(c.Endpoint, "/")
		s.participant = s.connect
		if os.Getenv("AWS_ACCESS_KEY_ID") == "" && os.Getenv("AWS_PROFILE") == "" && isHere(u.Hostname()) {
			s.key = aws.Credentials{AccessKeyID: "dev", SecretAccessKey: "dev"}
			return s, nil
		}
	}
	var err error
	s.key, err = credentials(ctx)
	return s, err
}

func isHere(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// credentials are those of the environment, or those that the AWS CLI finds: in profiles, by single sign-on, on EC2.
func credentials(ctx context.Context) (key aws.Credentials, err error) {
	key.AccessKeyID, key.SecretAccessKey = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	key.SessionToken = os.Getenv("AWS_SESSION_TOKEN")
	if key.HasKeys() {
		return key, nil
	}
	out, err := exec.CommandContext(ctx, "aws", "configure", "export-credentials", "--format", "process").Output()
	if err == nil {
		err = json.Unmarshal(out, &key)
	}
	if err != nil || !key.HasKeys() {
		return key, fmt.Errorf("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or let the AWS CLI find some (aws configure export-credentials: %v)", err)
	}
	return key, nil
}

func (s *chatService) start(ctx context.Context, in startChat) (*startedChat, error) {
	in.ClientToken = rand.Text()
	out := new(startedChat)
	err := s.call(ctx, "StartChatContact", http.MethodPut, s.connect+"/contact/chat", "", in, out)
	s.token = out.ParticipantToken
	return out, err
}

// Connect is CreateParticipantConnection.
func (s *chatService) Connect(ctx context.Context) (with conversation.Credentials, err error) {
	var out struct {
		Websocket             struct{ URL string }
		ConnectionCredentials struct{ ConnectionToken, Expiry string }
	}
	err = s.post(ctx, "CreateParticipantConnection", "/participant/connection", s.token,
		map[string][]string{"Type": {"WEBSOCKET", "CONNECTION_CREDENTIALS"}}, &out)
	with.URL, with.Token = out.Websocket.URL, out.ConnectionCredentials.ConnectionToken
	with.Expiry = conversation.ParseTime(out.ConnectionCredentials.Expiry)
	return with, err
}

// Transcript is GetTranscript.
func (s *chatService) Transcript(ctx context.Context, token, next string) (conversation.Page, error) {
	in := map[string]any{"MaxResults": 100, "ScanDirection": "BACKWARD", "SortOrder": "DESCENDING"}
	if next != "" {
		in["NextToken"] = next
	}
	var out struct {
		Transcript []conversation.Item
		NextToken  string
	}
	err := s.post(ctx, "GetTranscript", "/participant/transcript", token, in, &out)
	return conversation.Page{Items: out.Transcript, Next: out.NextToken}, err
}

func (s *chatService) message(ctx context.Context, token string, what reply) error {
	return s.post(ctx, "SendMessage", "/participant/message", token,
		map[string]string{"ContentType": what.contentType, "Content": what.content, "ClientToken": rand.Text()}, nil)
}

// view is DescribeView.
func (s *chatService) view(ctx context.Context, token, viewToken string) (*chatView, error) {
	var out struct{ View chatView }
	err := s.call(ctx, "DescribeView", http.MethodGet, s.participant+"/participant/views/"+url.PathEscape(viewToken), token, nil, &out)
	return &out.View, err
}

func (s *chatService) event(ctx context.Context, token, contentType string) error {
	return s.post(ctx, "SendEvent", "/participant/event", token,
		map[string]string{"ContentType": contentType, "ClientToken": rand.Text()}, nil)
}

func (s *chatService) disconnect(ctx context.Context, token string) error {
	return s.post(ctx, "DisconnectParticipant", "/participant/disconnect", token, map[string]string{"ClientToken": rand.Text()}, nil)
}

// IsDenied says that a token is no good any more.
func (*chatService) IsDenied(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && refused.Status == http.StatusForbidden
}

// IsFinal says that another try is refused like this one.
func (*chatService) IsFinal(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && refused.Status < 500 && refused.Status != http.StatusTooManyRequests
}

// refusal is an answer of the service that is no success.
type refusal struct {
	Operation string
	Status    int
	Code      string
	Message   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %s (status %d): %s", r.Operation, r.Code, r.Status, r.Message)
}

func (s *chatService) post(ctx context.Context, operation, path, bearer string, in, out any) error {
	return s.call(ctx, operation, http.MethodPost, s.participant+path, bearer, in, out)
}

// attempts is how often a request is sent, as by AWS SDKs; their ClientTokens make it safe.
const attempts = 3

// call sends a request and reads its answer. What may pass is tried again.
func (s *chatService) call(ctx context.Context, operation, method, address, bearer string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	for n := 1; ; n++ {
		err := s.attempt(ctx, operation, method, address, bearer, body, out)
		if err == nil || s.IsFinal(err) || n == attempts {
			return err
		}
		select {
		case <-time.After(time.Duration(n) * 200 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// maxAnswer bounds what is read of an answer: a page of a hundred messages of 16 KiB, written as JSON.
const maxAnswer = 16 << 20

func (s *chatService) attempt(ctx context.Context, operation, method, address, bearer string, body []byte, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if err := s.authorize(ctx, r, bearer, body); err != nil {
		return err
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	defer answer.Body.Close() //nolint:errcheck // read as far as it matters
	said, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: answer of %s: %w", operation, r.URL.Redacted(), err)
	}
	if answer.StatusCode != http.StatusOK {
		return refusalOf(operation, answer, said)
	}
	if out != nil {
		err = json.Unmarshal(said, out)
	}
	if err != nil {
		return fmt.Errorf("%s: %s answers what is not the API's (content type %q): %w", operation, r.URL.Redacted(), answer.Header.Get("Content-Type"), err)
	}
	return nil
}

// authorize signs a request, or has it carry a participant's token.
func (s *chatService) authorize(ctx context.Context, r *http.Request, bearer string, body []byte) error {
	if bearer != "" {
		r.Header.Set("X-Amz-Bearer", bearer)
		return nil
	}
	hash := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(ctx, s.key, r, hex.EncodeToString(hash[:]), "connect", s.region, time.Now())
}

func refusalOf(operation string, answer *http.Response, said []byte) error {
	code, _, _ := strings.Cut(answer.Header.Get("X-Amzn-ErrorType"), ":")
	refused := &refusal{Operation: operation, Status: answer.StatusCode, Code: code}
	var body struct{ Message string }
	if json.Unmarshal(said, &body) == nil && code != "" {
		refused.Message = body.Message
		return refused
	}
	refused.Code = "not an answer of the API"
	refused.Message = fmt.Sprintf("%s: %.200q", answer.Header.Get("Content-Type"), said)
	return refused
}
