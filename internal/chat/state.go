package chat

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// state is the stored form of a chat: the aggregate, and where its flows stand.
type state struct {
	// Version says by which rules it is read. States from before there was one have 0.
	Version int `json:"v"`
	center.Chat
	Runs    []*run `json:"runs,omitempty"`
	LastRun runID  `json:"lastRun,omitempty"`
}

// stateVersion is that of the states written here. Each version reads all that came before; a change of what is stored
// that an older program would misread is a new version. Which versions may serve one database side by side is
// docs/decisions/0040.
const stateVersion = 1

// oldState is a state of version 0: a chat had one run, without an id.
type oldState struct {
	Run *run `json:"run"`
}

// decode reads the state of a chat. One that cannot be what was stored is damage; one of a newer program is refused, for
// that program's nodes to answer.
func (a archive) decode(row store.Stream) (*state, error) {
	s := new(state)
	if err := checkSum(row.State); err != nil {
		return nil, a.store.Damaged("stream", fmt.Errorf("the state of chat %s: %w", row.ID, err))
	}
	err := json.Unmarshal(row.State, s)
	if newer := s.Version; newer > stateVersion || err != nil && versionOf(row.State, &newer) {
		return nil, center.Refuse(center.Unavailable, "chat %s was changed by a newer version of parley, whose states have version %d; "+
			"this one reads versions up to %d: run the newer version on all nodes", row.ID, newer, stateVersion)
	}
	if err == nil && s.Version == 0 {
		err = s.upgrade(row.State)
	}
	if err == nil && center.StreamID(s.ID) != row.ID {
		err = errors.New("it is that of another chat")
	}
	if err != nil {
		return nil, a.store.Damaged("stream", fmt.Errorf("the state of chat %s: %w", row.ID, err))
	}
	return s, nil
}

// versionOf reads the version of a state that this program cannot read otherwise, and says whether it is a newer one.
func versionOf(raw []byte, version *int) (newer bool) {
	var v struct {
		Version int `json:"v"`
	}
	if json.Unmarshal(raw, &v) != nil {
		return false
	}
	*version = v.Version
	return v.Version > stateVersion
}

// upgrade makes a state of version 0 one of today. The keys of its due rows were renamed by a step of the schema.
func (s *state) upgrade(raw []byte) error {
	var old oldState
	if err := json.Unmarshal(raw, &old); err != nil {
		return err
	}
	s.Version = stateVersion
	r := old.Run
	if r == nil {
		return nil
	}
	r.ID, r.Role, s.LastRun = 1, roleContact, 1
	if r.Type == typeCustomerQueue {
		r.Role = roleQueue
	}
	r.Asked = oldCallKey(r.Asked)
	if r.SignIn != nil {
		r.SignIn.Exchange = oldCallKey(r.SignIn.Exchange)
	}
	s.Runs = []*run{r}
	return nil
}

func oldCallKey(key string) string {
	if rest, ok := strings.CutPrefix(key, dueCall); ok {
		return runID(1).key(dueCall) + ":" + rest
	}
	return key
}

func (s *state) encode() []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings, numbers and times in range
	}
	return withSum(raw)
}

// A state ends with a member that is the checksum of all before it. States from before there were checksums have none.
const sumMember = `,"sum":"`

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// withSum adds the checksum to an encoded state.
func withSum(raw []byte) []byte {
	raw = bytes.TrimSuffix(raw, []byte("}"))
	var sum [crc32.Size]byte
	binary.BigEndian.PutUint32(sum[:], crc32.Checksum(raw, castagnoli))
	raw = append(raw, sumMember...)
	return append(hex.AppendEncode(raw, sum[:]), `"}`...)
}

func checkSum(raw []byte) error {
	end := len(raw) - len(sumMember) - len(`00000000"}`)
	if end < 0 || string(raw[end:end+len(sumMember)]) != sumMember {
		return nil
	}
	if !bytes.Equal(withSum(append(raw[:end:end], '}')), raw) {
		return errors.New("its checksum is wrong")
	}
	return nil
}
