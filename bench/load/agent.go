package load

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"time"

	"bufio"
)

// AgentPassword is that of users whom CreateAgent makes.
const AgentPassword = "Load-load-1"

// idNamed finds the id of one thing in a list of an instance's.
func (s *Server) idNamed(l *Line, list, name string) (string, error) {
	var answer map[string]json.RawMessage
	if err := s.signedCall(l, "GET", "/"+list+"/"+s.Instance, nil, &answer); err != nil {
		return "", fmt.Errorf("%s: %w", list, err)
	}
	for _, raw := range answer {
		var all []struct{ Id, Name string }
		if json.Unmarshal(raw, &all) != nil {
			continue // a token of the next page
		}
		for _, one := range all {
			if one.Name == name {
				return one.Id, nil
			}
		}
	}
	return "", fmt.Errorf("%s has no %q", list, name)
}

// Staffing is what CreateAgent gives users.
type Staffing struct{ routing, security string }

// Staff makes a routing profile of the instance's BasicQueue, whose agents have ten chats at once.
func (s *Server) Staff(l *Line) (st Staffing, err error) {
	queue, err := s.idNamed(l, "queues-summary", "BasicQueue")
	if err != nil {
		return st, err
	}
	if st.security, err = s.idNamed(l, "security-profiles-summary", "Agent"); err != nil {
		return st, err
	}
	body, err := json.Marshal(map[string]any{
		"Name": "load", "Description": "load", "DefaultOutboundQueueId": queue,
		"QueueConfigs":       []any{map[string]any{"Priority": 1, "Delay": 0, "QueueReference": map[string]string{"QueueId": queue, "Channel": "CHAT"}}},
		"MediaConcurrencies": []any{map[string]any{"Channel": "CHAT", "Concurrency": 10}},
	})
	if err != nil {
		return st, err
	}
	var answer struct{ RoutingProfileId string }
	if err := s.signedCall(l, "PUT", "/routing-profiles/"+s.Instance, body, &answer); err != nil {
		return st, fmt.Errorf("CreateRoutingProfile: %w", err)
	}
	st.routing = answer.RoutingProfileId
	return st, nil
}

// CreateAgent makes a user who serves BasicQueue.
func (s *Server) CreateAgent(l *Line, st Staffing, name string) error {
	body, err := json.Marshal(map[string]any{
		"Username": name, "Password": AgentPassword, "RoutingProfileId": st.routing, "SecurityProfileIds": []string{st.security},
		"IdentityInfo": map[string]string{"FirstName": "Jane", "LastName": "Roe"}, "PhoneConfig": map[string]string{"PhoneType": "SOFT_PHONE"},
	})
	if err != nil {
		return err
	}
	if err := s.signedCall(l, "PUT", "/users/"+s.Instance, body, &struct{}{}); err != nil {
		return fmt.Errorf("CreateUser: %w", err)
	}
	return nil
}

// Agent is a session of an agent.
type Agent struct {
	s      *Server
	bearer string
}

// SignIn begins a session.
func (s *Server) SignIn(l *Line, name string) (*Agent, error) {
	body, err := json.Marshal(map[string]any{"instance": s.Instance, "username": name, "password": AgentPassword, "bearer": true})
	if err != nil {
		return nil, err
	}
	var answer struct{ Token string }
	if err := call(l, NewRequest(s.Address, "POST", "/agent/v1/session"), body, &answer); err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	return &Agent{s, "Authorization: Bearer " + answer.Token}, nil
}

// Do calls an operation below /agent/v1.
func (a *Agent) Do(l *Line, method, path, body string, answer any) error {
	if err := call(l, NewRequest(a.s.Address, method, "/agent/v1/"+path, a.bearer), []byte(body), answer); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Participant is the agent's side of a contact, to send messages with.
func (a *Agent) Participant(l *Line, contactID string) (c Connection, err error) {
	var answer struct{ ParticipantToken string }
	err = a.Do(l, "POST", "contacts/"+contactID+"/token", "", &answer)
	c.Token = answer.ParticipantToken
	return c, err
}

// OpenSocket opens the agent's socket.
func (a *Agent) OpenSocket(deadline time.Time) (*Socket, error) {
	conn, err := net.DialTimeout("tcp", a.s.Address, time.Until(orFar(deadline)))
	if err != nil {
		return nil, err
	}
	s := &Socket{conn: conn, read: bufio.NewReaderSize(conn, 1024)}
	if err := s.handshake(&url.URL{Host: a.s.Address, Path: "/agent/v1/socket"}, a.bearer+"\r\n", deadline); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// Beat says that the client is there; a socket may be silent for 150 seconds.
func (s *Socket) Beat() error {
	_, err := s.conn.Write(appendFrame(nil, opText, []byte(`{"topic":"aws/heartbeat"}`)))
	return err
}

// Leave calls DisconnectParticipant.
func (s *Server) Leave(l *Line, c Connection) error {
	return call(l, NewRequest(s.Address, "POST", "/participant/disconnect", "X-Amz-Bearer: "+c.Token), []byte("{}"), &struct{}{})
}
