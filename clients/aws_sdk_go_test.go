package clients

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	connecttypes "github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/aws-sdk-go-v2/service/connectparticipant"
	participanttypes "github.com/aws/aws-sdk-go-v2/service/connectparticipant/types"
	"github.com/coder/websocket"
)

// sdkDesk starts chats and adds custom participants with the AWS SDK for Go, as a business's backend does.
type sdkDesk struct {
	t      testing.TB
	server server
	client *connect.Client
}

func newSDKDesk(t testing.TB, s server) *sdkDesk {
	return newSignedDesk(t, s, "dev", "dev")
}

func newSignedDesk(t testing.TB, s server, keyID, secret string) *sdkDesk {
	return &sdkDesk{t: t, server: s, client: connect.New(connect.Options{
		BaseEndpoint: aws.String(s.endpoint),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(keyID, secret, ""),
	})}
}

func (d *sdkDesk) start(persistent *persistentChat) startedChat {
	d.t.Helper()
	input := &connect.StartChatContactInput{
		InstanceId:         aws.String(d.server.instance),
		ContactFlowId:      aws.String(d.server.flow),
		ParticipantDetails: &connecttypes.ParticipantDetails{DisplayName: aws.String(customerName)},
		Attributes:         map[string]string{"origin": "judge"},
	}
	if persistent != nil {
		input.PersistentChat = &connecttypes.PersistentChat{
			SourceContactId: aws.String(persistent.SourceContactId),
			RehydrationType: connecttypes.RehydrationType(persistent.RehydrationType),
		}
	}
	out, err := d.client.StartChatContact(d.t.Context(), input)
	if err != nil {
		d.t.Fatalf("StartChatContact: %v", err)
	}
	return startedChat{
		participantCredentials: participantCredentials{
			ContactId:        aws.ToString(out.ContactId),
			ParticipantId:    aws.ToString(out.ParticipantId),
			ParticipantToken: aws.ToString(out.ParticipantToken),
		},
		ContinuedFromContactId: aws.ToString(out.ContinuedFromContactId),
	}
}

func (d *sdkDesk) addBot(contactID string) participantCredentials {
	d.t.Helper()
	out, err := d.client.CreateParticipant(d.t.Context(), &connect.CreateParticipantInput{
		InstanceId: aws.String(d.server.instance),
		ContactId:  aws.String(contactID),
		ParticipantDetails: &connecttypes.ParticipantDetailsToAdd{
			DisplayName:     aws.String(botName),
			ParticipantRole: connecttypes.ParticipantRoleCustomBot,
		},
	})
	if err != nil {
		d.t.Fatalf("CreateParticipant: %v", err)
	}
	return participantCredentials{
		ContactId:        contactID,
		ParticipantId:    aws.ToString(out.ParticipantId),
		ParticipantToken: aws.ToString(out.ParticipantCredentials.ParticipantToken),
	}
}

// sdkParticipant talks with the AWS SDK for Go and listens on a socket of its own, for which the SDK has no client.
type sdkParticipant struct {
	*inbox
	client *connectparticipant.Client
	creds  participantCredentials
	bot    bool
	token  *string
}

func newSDKParticipant(t testing.TB, s server, creds participantCredentials, bot bool) participant {
	name := customerName
	if bot {
		name = botName
	}
	return &sdkParticipant{inbox: newInbox(t, name), creds: creds, bot: bot,
		client: connectparticipant.New(connectparticipant.Options{
			BaseEndpoint: aws.String(s.endpoint),
			Region:       "us-east-1",
			Credentials:  aws.AnonymousCredentials{},
		})}
}

func (p *sdkParticipant) live() bool { return true }

func (p *sdkParticipant) connect() {
	p.t.Helper()
	input := &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: aws.String(p.creds.ParticipantToken),
		Type:             []participanttypes.ConnectionType{"WEBSOCKET", "CONNECTION_CREDENTIALS"},
	}
	if p.bot {
		input.ConnectParticipant = aws.Bool(true)
	}
	out, err := p.client.CreateParticipantConnection(p.t.Context(), input)
	if err != nil {
		p.t.Fatalf("CreateParticipantConnection: %v", err)
	}
	p.token = out.ConnectionCredentials.ConnectionToken
	p.listen(aws.ToString(out.Websocket.Url))
}

// frame is what either side of the socket says. Content is an object in the answer to aws/subscribe and a string that
// holds JSON in aws/chat.
type frame struct {
	Topic   string          `json:"topic"`
	Content json.RawMessage `json:"content,omitempty"`
}

// listen opens the socket and subscribes; it returns when the subscription has been answered.
func (p *sdkParticipant) listen(url string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	socket, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		p.t.Fatalf("open the socket: %v", err)
	}
	socket.SetReadLimit(1 << 20)
	p.t.Cleanup(func() { socket.CloseNow() }) //nolint:errcheck // the server may have closed it first
	for _, text := range []string{
		`{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`,
		`{"topic":"aws/ping"}`,
		`{"topic":"aws/heartbeat"}`,
	} {
		if err := socket.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			p.t.Fatalf("write %s: %v", text, err)
		}
	}
	answered := make(chan string, 1)
	go p.read(socket, answered)
	select {
	case status := <-answered:
		if status != "success" {
			p.t.Fatalf("aws/subscribe was answered with %q, want success", status)
		}
	case <-ctx.Done():
		p.t.Fatalf("aws/subscribe was not answered within %v", patience)
	}
}

// read puts every item into the inbox until the socket is closed.
func (p *sdkParticipant) read(socket *websocket.Conn, answered chan<- string) {
	for {
		_, data, err := socket.Read(context.Background())
		if err != nil {
			return
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			p.t.Errorf("%s was sent a frame that is not JSON: %s", p.name, data)
			return
		}
		switch f.Topic {
		case "aws/subscribe":
			var content struct{ Status string }
			json.Unmarshal(f.Content, &content) //nolint:errcheck // an empty status fails the test
			select {
			case answered <- content.Status:
			default:
			}
		case "aws/chat":
			p.deliver(f.Content)
		}
	}
}

func (p *sdkParticipant) deliver(content json.RawMessage) {
	var text string
	var i item
	err := json.Unmarshal(content, &text)
	if err == nil {
		err = json.Unmarshal([]byte(text), &i)
	}
	if err != nil {
		p.t.Errorf("%s was sent an item that cannot be read: %v in %s", p.name, err, content)
		return
	}
	p.put(i)
}

func (p *sdkParticipant) send(text string) item {
	p.t.Helper()
	out, err := p.client.SendMessage(p.t.Context(), &connectparticipant.SendMessageInput{
		ConnectionToken: p.token,
		Content:         aws.String(text),
		ContentType:     aws.String("text/plain"),
	})
	if err != nil {
		p.t.Fatalf("SendMessage: %v", err)
	}
	return item{Id: aws.ToString(out.Id), AbsoluteTime: aws.ToString(out.AbsoluteTime)}
}

func (p *sdkParticipant) event(contentType, content string) {
	p.t.Helper()
	input := &connectparticipant.SendEventInput{ConnectionToken: p.token, ContentType: aws.String(contentType)}
	if content != "" {
		input.Content = aws.String(content)
	}
	if _, err := p.client.SendEvent(p.t.Context(), input); err != nil {
		p.t.Fatalf("SendEvent %s: %v", contentType, err)
	}
}

func (p *sdkParticipant) transcript(maxResults int, nextToken string) page {
	p.t.Helper()
	input := &connectparticipant.GetTranscriptInput{
		ConnectionToken: p.token,
		MaxResults:      aws.Int32(int32(maxResults)),
		ScanDirection:   "BACKWARD",
		SortOrder:       "ASCENDING",
	}
	if nextToken != "" {
		input.NextToken = aws.String(nextToken)
	}
	out, err := p.client.GetTranscript(p.t.Context(), input)
	if err != nil {
		p.t.Fatalf("GetTranscript: %v", err)
	}
	// The SDK's types carry the wire's own member names.
	data, err := json.Marshal(out)
	if err != nil {
		p.t.Fatal(err)
	}
	return decode[page](p.t, "GetTranscript", data)
}

func (p *sdkParticipant) leave() {
	p.t.Helper()
	_, err := p.client.DisconnectParticipant(p.t.Context(), &connectparticipant.DisconnectParticipantInput{ConnectionToken: p.token})
	if err != nil {
		p.t.Fatalf("DisconnectParticipant: %v", err)
	}
}

// TestSDKSocketHeartbeats holds the server to the answers without which chatjs opens a second socket every ten
// seconds; no client but a raw one can show their bytes.
func TestSDKSocketHeartbeats(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	started := newSDKDesk(t, s).start(nil)
	client := connectparticipant.New(connectparticipant.Options{
		BaseEndpoint: aws.String(s.endpoint), Region: "us-east-1", Credentials: aws.AnonymousCredentials{},
	})
	out, err := client.CreateParticipantConnection(t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: aws.String(started.ParticipantToken),
		Type:             []participanttypes.ConnectionType{"WEBSOCKET"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	socket, _, err := websocket.Dial(ctx, aws.ToString(out.Websocket.Url), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.CloseNow() //nolint:errcheck // over
	for ask, want := range map[string]string{
		`{"topic":"aws/ping"}`:      `{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}`,
		`{"topic":"aws/heartbeat"}`: `{"topic":"aws/heartbeat"}`,
	} {
		if err := socket.Write(ctx, websocket.MessageText, []byte(ask)); err != nil {
			t.Fatal(err)
		}
		_, got, err := socket.Read(ctx)
		if err != nil {
			t.Fatalf("no answer to %s: %v", ask, err)
		}
		if strings.TrimSpace(string(got)) != want {
			t.Errorf("%s was answered with %s, want %s", ask, got, want)
		}
	}
}
