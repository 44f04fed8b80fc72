package parleytest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/parley-chat/parley"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/server"
)

// Agent is an agent at work, as tests tell it: whatever does not happen ends the test. Its methods must be called by the
// test's own goroutine; those of the [parley.Agent] beneath may be called by all, but for Events and Next, from which they read.
type Agent struct {
	*parley.Agent
	Name string // the user name

	s       *Server
	contact string                         // the current one
	there   map[string]parley.AgentContact // as transitions and snapshots have shown them
	said    []parley.AgentChat             // what was not asked for yet
	failed  func(contactID string)         // is told which offers have failed
}

// agentChats is how many chats the agents of [Server.Agent] may have at once: the most that a routing profile allows.
const agentChats = 10

// agentPassword is that of users made here.
const agentPassword = "Parleytest-1"

// CreateQueue makes a queue that is open at all hours of the instance's "Basic Hours", and returns its id. It may end the test.
func (s *Server) CreateQueue(name string) (queueID string) {
	s.t.Helper()
	hours := center.SeededID(center.InstanceID(s.InstanceID), "hours-of-operation", center.BasicHoursName)
	out, err := s.sdk().CreateQueue(s.ctx, &connect.CreateQueueInput{InstanceId: &s.InstanceID, Name: &name, HoursOfOperationId: &hours})
	if err != nil {
		s.t.Fatalf("parleytest: queue %q: %v", name, err)
	}
	return *out.QueueId
}

// CreateQueueFlow publishes a flow that puts a chat in a queue at once, and returns its id; see [Server.Start]. It may end the
// test.
func (s *Server) CreateQueueFlow(queueID string) (contactFlowID string) {
	s.t.Helper()
	return s.CreateFlow("into queue "+queueID, strings.ReplaceAll(intoQueue, "QUEUE", queueID))
}

const intoQueue = `{"Version": "2019-10-30", "StartAction": "Set", "Actions": [
  {"Identifier": "Set", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": "QUEUE"},
   "Transitions": {"NextAction": "Enter", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "Enter", "Type": "TransferContactToQueue", "Parameters": {},
   "Transitions": {"NextAction": "End", "Errors": [{"ErrorType": "QueueAtCapacity", "NextAction": "End"}, {"ErrorType": "NoMatchingError", "NextAction": "End"}]}},
  {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]}`

// CreateQuickConnect makes a quick connect that agents of a queue can transfer contacts by: to another queue, or to a user who
// is named. It may end the test.
func (s *Server) CreateQuickConnect(name, ofQueueID, to string) {
	s.t.Helper()
	config := &types.QuickConnectConfig{QuickConnectType: types.QuickConnectTypeQueue}
	flow := func(stock string) *string {
		return aws.String(center.SeededID(center.InstanceID(s.InstanceID), "contact-flow", stock))
	}
	if user := s.userNamed(to); user != nil {
		config.QuickConnectType = types.QuickConnectTypeUser
		config.UserConfig = &types.UserQuickConnectConfig{UserId: user.Id, ContactFlowId: flow("Default agent transfer")}
	} else {
		config.QueueConfig = &types.QueueQuickConnectConfig{QueueId: &to, ContactFlowId: flow("Default queue transfer")}
	}
	made, err := s.sdk().CreateQuickConnect(s.ctx, &connect.CreateQuickConnectInput{InstanceId: &s.InstanceID, Name: &name, QuickConnectConfig: config})
	if err == nil {
		_, err = s.sdk().AssociateQueueQuickConnects(s.ctx, &connect.AssociateQueueQuickConnectsInput{
			InstanceId: &s.InstanceID, QueueId: &ofQueueID, QuickConnectIds: []string{*made.QuickConnectId},
		})
	}
	if err != nil {
		s.t.Fatalf("parleytest: quick connect %q: %v", name, err)
	}
}

// Agent signs an agent in, who is Available and has been offered nothing yet. A user who is not there is made. With queues,
// which are ids, the user gets a routing profile of these queues, with ten chats at once; without, it keeps its own, that of
// new users being the instance's "Basic Routing Profile". A user who was made by the code under test, with another password,
// is signed in by [Server.SignIn]. It may end the test.
func (s *Server) Agent(username string, queueIDs ...string) *Agent {
	s.t.Helper()
	password := agentPassword
	for _, p := range server.People() {
		if p.Username == username {
			password = p.Password
		}
	}
	if err := s.employ(username, queueIDs); err != nil {
		s.t.Fatalf("parleytest: agent %s: %v", username, err)
	}
	return s.SignIn(username, password)
}

func (s *Server) sdk() *connect.Client { return connect.NewFromConfig(s.Config()) }

func (s *Server) userNamed(name string) *types.UserSummary {
	s.t.Helper()
	pages := connect.NewListUsersPaginator(s.sdk(), &connect.ListUsersInput{InstanceId: &s.InstanceID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			s.t.Fatalf("parleytest: list users: %v", err)
		}
		for i := range page.UserSummaryList {
			if aws.ToString(page.UserSummaryList[i].Username) == name {
				return &page.UserSummaryList[i]
			}
		}
	}
	return nil
}

// employ makes a user, or gives one another routing profile.
func (s *Server) employ(username string, queueIDs []string) error {
	api, at := s.sdk(), center.InstanceID(s.InstanceID)
	user := s.userNamed(username)
	profile := string(center.BasicRoutingProfileID(at))
	if len(queueIDs) > 0 {
		queues := make([]types.RoutingProfileQueueConfig, len(queueIDs))
		for i := range queues {
			queues[i] = types.RoutingProfileQueueConfig{
				Delay: aws.Int32(0), Priority: aws.Int32(1), QueueReference: &types.RoutingProfileQueueReference{QueueId: &queueIDs[i], Channel: types.ChannelChat},
			}
		}
		made, err := api.CreateRoutingProfile(s.ctx, &connect.CreateRoutingProfileInput{
			InstanceId: &s.InstanceID, Name: aws.String("parleytest: " + username), Description: aws.String("made by parleytest"),
			DefaultOutboundQueueId: &queueIDs[0], QueueConfigs: queues,
			MediaConcurrencies: []types.MediaConcurrency{{Channel: types.ChannelChat, Concurrency: aws.Int32(agentChats)}},
		})
		if err != nil {
			return err
		}
		profile = *made.RoutingProfileId
	}
	security, err := s.agentSecurity(api)
	if err != nil {
		return err
	}
	if user != nil {
		if len(queueIDs) > 0 {
			_, err = api.UpdateUserRoutingProfile(s.ctx, &connect.UpdateUserRoutingProfileInput{InstanceId: &s.InstanceID, UserId: user.Id, RoutingProfileId: &profile})
		}
		if err == nil && slices.ContainsFunc(server.People(), func(p server.Person) bool { return p.Username == username && p.Role == "agent" }) {
			_, err = api.UpdateUserSecurityProfiles(s.ctx, &connect.UpdateUserSecurityProfilesInput{InstanceId: &s.InstanceID, UserId: user.Id, SecurityProfileIds: []string{security}})
		}
		return err
	}
	_, err = api.CreateUser(s.ctx, &connect.CreateUserInput{
		InstanceId: &s.InstanceID, Username: &username, Password: aws.String(agentPassword), RoutingProfileId: &profile, SecurityProfileIds: []string{security},
		IdentityInfo: &types.UserIdentityInfo{FirstName: &username, LastName: aws.String("Agent")},
		PhoneConfig:  &types.UserPhoneConfig{PhoneType: types.PhoneTypeSoftPhone},
	})
	return err
}

// agentSecurity is a security profile with what agents need for all that an Agent can do: that of every instance does not let
// them use quick connects.
func (s *Server) agentSecurity(api *connect.Client) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.agents != "" {
		return s.agents, nil
	}
	out, err := api.CreateSecurityProfile(s.ctx, &connect.CreateSecurityProfileInput{
		InstanceId: &s.InstanceID, SecurityProfileName: aws.String("parleytest"), Permissions: []string{center.PermitAgent, center.PermitQuickConnects},
	})
	if err != nil {
		return "", err
	}
	s.agents = *out.SecurityProfileId
	return s.agents, nil
}

// SignIn signs a user in who is there, and makes the agent Available. It may end the test.
func (s *Server) SignIn(username, password string) *Agent {
	s.t.Helper()
	joined, err := s.client.JoinAgent(s.ctx, username, password, func(o *parley.AgentOptions) { o.Instance = s.InstanceID })
	if err != nil {
		s.t.Fatalf("parleytest: agent %s: %v", username, err)
	}
	a := &Agent{Agent: joined, Name: username, s: s, there: map[string]parley.AgentContact{}, failed: func(string) {}}
	s.mu.Lock()
	s.desks = append(s.desks, a)
	s.mu.Unlock()
	a.Is(center.StatusNameAvailable)
	return a
}

// Is gives the agent a status, by its name. It becomes the next one while there is a contact.
func (a *Agent) Is(status string) {
	a.s.t.Helper()
	if err := a.SetState(a.s.ctx, status); err != nil {
		a.s.t.Fatalf("parleytest: agent %s is %s: %v", a.Name, status, err)
	}
}

// Accepts waits until a contact is offered, accepts it and waits until the agent is in the conversation. It is the current
// contact from then on. It returns the contact's id.
func (a *Agent) Accepts() (contactID string) {
	a.s.t.Helper()
	contactID = a.Offered()
	if err := a.Accept(a.s.ctx, contactID); err != nil {
		a.s.t.Fatalf("parleytest: agent %s accepts %s: %v", a.Name, contactID, err)
	}
	a.contact = contactID
	a.until("joined "+contactID, func() bool { return a.there[contactID].State == parley.AgentConnected })
	return contactID
}

// Offered waits until a contact is offered, and returns its id.
func (a *Agent) Offered() (contactID string) {
	a.s.t.Helper()
	a.until("was offered a contact", func() bool {
		for id, c := range a.there {
			if c.State != parley.AgentConnecting {
				continue
			}
			if first := a.there[contactID]; contactID == "" || c.Since.Before(first.Since) || c.Since.Equal(first.Since) && id < contactID {
				contactID = id
			}
		}
		return contactID != ""
	})
	return contactID
}

// Rejects waits until a contact is offered, rejects it and clears it. It is offered to others then, or to the same agent again.
func (a *Agent) Rejects() (contactID string) {
	a.s.t.Helper()
	contactID = a.Offered()
	if err := a.Reject(a.s.ctx, contactID); err != nil {
		a.s.t.Fatalf("parleytest: agent %s rejects %s: %v", a.Name, contactID, err)
	}
	a.free(contactID)
	return contactID
}

// Misses waits until a contact is offered, lets the 20 seconds pass in which it could be accepted, and clears it. It is offered
// to others then, or to the same agent again.
func (a *Agent) Misses() (contactID string) {
	a.s.t.Helper()
	contactID = a.Offered()
	a.s.Advance(center.OfferWithin)
	a.free(contactID)
	return contactID
}

// free waits until an offer has failed, and clears it. One that was offered again at once has its slot back already.
func (a *Agent) free(contactID string) {
	a.s.t.Helper()
	failed := false
	a.failed = func(id string) { failed = failed || id == contactID }
	defer func() { a.failed = func(string) {} }()
	a.until("was without "+contactID, func() bool { return failed })
	err := a.Clear(a.s.ctx, contactID)
	if e, ok := errors.AsType[*parley.Error](err); ok && e.Code == "InvalidStateException" {
		return
	}
	if err != nil {
		a.s.t.Fatalf("parleytest: agent %s clears %s: %v", a.Name, contactID, err)
	}
	a.until("cleared "+contactID, func() bool { return a.there[contactID].State != parley.AgentFailed })
}

// In makes one of the agent's contacts the current one.
func (a *Agent) In(contactID string) *Agent {
	a.s.t.Helper()
	if _, ok := a.there[contactID]; !ok {
		a.s.t.Fatalf("parleytest: agent %s has no contact %s", a.Name, contactID)
	}
	a.contact = contactID
	return a
}

// Says says something in plain text in the current contact.
func (a *Agent) Says(text string) {
	a.s.t.Helper()
	if err := a.Send(a.s.ctx, a.contact, text); err != nil {
		a.s.t.Fatalf("parleytest: agent %s says %q: %v", a.Name, text, err)
	}
}

// Hear waits for the next message that another participant says in the current contact, and passes over all else there.
func (a *Agent) Hear() (heard parley.Message) {
	a.s.t.Helper()
	c := a.there[a.contact]
	a.until("heard a further message", func() bool {
		for i, e := range a.said {
			m, ok := e.Event.(parley.Message)
			if ok && e.ChatID == c.ChatID && !m.Partial && m.ParticipantID != c.ParticipantID {
				heard = m
				a.said = slices.Delete(a.said, i, i+1)
				return true
			}
		}
		return false
	})
	return heard
}

// Hears waits for the next message that another participant says in the current contact, which must be this one.
func (a *Agent) Hears(want string) {
	a.s.t.Helper()
	if got := a.Hear(); got.Content != want {
		a.fatalf("agent %s heard %q from %s, not %q", a.Name, got.Content, got.DisplayName, want)
	}
}

// TransfersTo transfers the current contact by a quick connect of the agent's queues, which is named, and waits until the
// transfer has succeeded. After-contact work is left, which Completes ends.
func (a *Agent) TransfersTo(quickConnect string) {
	a.s.t.Helper()
	all, err := a.QuickConnects(a.s.ctx)
	i := slices.IndexFunc(all, func(q parley.AgentQuickConnect) bool { return q.Name == quickConnect })
	switch {
	case err == nil && i < 0:
		a.s.t.Fatalf("parleytest: agent %s has no quick connect %q", a.Name, quickConnect)
	case err == nil:
		err = a.Transfer(a.s.ctx, a.contact, all[i])
	}
	if err != nil {
		a.s.t.Fatalf("parleytest: agent %s transfers to %s: %v", a.Name, quickConnect, err)
	}
	chat, failed := a.there[a.contact].ChatID, false
	a.until("has transferred to "+quickConnect, func() bool {
		i := slices.IndexFunc(a.said, func(e parley.AgentChat) bool {
			n, ok := e.Event.(parley.Notice)
			return ok && e.ChatID == chat && n.Name() == "transfer.failed"
		})
		if failed = i >= 0; failed {
			a.said = slices.Delete(a.said, i, i+1)
		}
		return failed || a.there[a.contact].State != parley.AgentConnected
	})
	if failed {
		a.fatalf("the transfer of agent %s to %s has failed", a.Name, quickConnect)
	}
}

// Leaves ends the agent's part in the current contact, and waits until after-contact work has begun.
func (a *Agent) Leaves() {
	a.s.t.Helper()
	if err := a.Leave(a.s.ctx, a.contact); err != nil {
		a.s.t.Fatalf("parleytest: agent %s leaves: %v", a.Name, err)
	}
	a.until("left", func() bool { return a.there[a.contact].State != parley.AgentConnected })
}

// Ends waits until the agent's part in the current contact is over, because the customer has left for example.
func (a *Agent) Ends() {
	a.s.t.Helper()
	a.until("was at the end of the contact", func() bool { return a.there[a.contact].State != parley.AgentConnected })
}

// Completes ends the current contact for the agent, after-contact work included: the slot is free.
func (a *Agent) Completes() {
	a.s.t.Helper()
	if a.there[a.contact].State == parley.AgentConnected {
		a.Leaves()
	}
	if err := a.Clear(a.s.ctx, a.contact); err != nil {
		a.s.t.Fatalf("parleytest: agent %s completes %s: %v", a.Name, a.contact, err)
	}
	a.until("cleared "+a.contact, func() bool { return a.there[a.contact].State == "" })
}

// until takes events until something holds.
func (a *Agent) until(what string, holds func() bool) {
	a.s.t.Helper()
	for !holds() {
		e, err := await(a.s, a.Next, a.s.anyTimer)
		if err != nil {
			a.fatalf("agent %s never %s: %v%s", a.Name, what, err, a.why())
		}
		a.take(e)
	}
}

// why says what the agent is and has.
func (a *Agent) why() string {
	shown := a.Snapshot()
	text := "; the agent is " + shown.State.Name
	for _, c := range shown.Contacts {
		text += ", " + cmp.Or(c.Customer, "a contact") + " is " + c.State
	}
	return text
}

func (a *Agent) take(e parley.AgentEvent) {
	switch e := e.(type) {
	case parley.AgentSnapshot:
		if !e.Anew {
			return
		}
		clear(a.there)
		for _, c := range e.Contacts {
			a.there[c.ContactID] = c
		}
	case parley.AgentTransition:
		if e.What == parley.AgentNotJoined {
			a.failed(e.ContactID)
		}
		if e.Contact != nil {
			a.there[e.ContactID] = *e.Contact
		} else if e.ContactID != "" {
			delete(a.there, e.ContactID)
		}
	case parley.AgentChat:
		a.said = append(a.said, e)
	}
}

// settle waits until the agent has been shown what there is, and counts it.
func (a *Agent) settle(ctx context.Context) (int, error) {
	if err := a.Ping(ctx); err != nil {
		select {
		case <-a.Done(): // there is no more to come
		case <-ctx.Done():
			return 0, err
		default:
			return -1, nil // between two sockets: look again
		}
	}
	return a.Happened(), nil
}
