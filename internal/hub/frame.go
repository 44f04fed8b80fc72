package hub

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/lxzan/gws"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/socket"
)

// Close codes. 1000 tells the Android SDK not to come back, so it is only for a chat that is over for the socket.
const (
	closeNormal      = 1000
	closeGoingAway   = 1001
	closeProtocol    = 1002
	closeInvalidText = 1007
	closePolicy      = 1008
)

// Frames that never vary, shared by all sockets. Nobody writes into a frame once it is made.
var (
	subscribedFrame = textFrame([]byte(socket.Subscribed))
	heartbeatFrame  = textFrame([]byte(socket.HeartbeatAnswer))
	pingFrame       = textFrame([]byte(socket.PingAnswer))
)

// maxHeader is the longest header of a server's frame (RFC 6455, 5.2): servers do not mask.
const maxHeader = 10

// appendHeader appends the header of an unfragmented frame of n bytes.
func appendHeader(dst []byte, op gws.Opcode, n int) []byte {
	dst = append(dst, 0x80|byte(op))
	switch {
	case n <= 125:
		return append(dst, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
}

func textFrame(text []byte) []byte {
	return append(appendHeader(make([]byte, 0, maxHeader+len(text)), gws.OpcodeText, len(text)), text...)
}

func pongFrame(payload []byte) []byte {
	return append(appendHeader(nil, gws.OpcodePong, len(payload)), payload...)
}

// closeFrame with code 0 is the answer to a close without a code.
func closeFrame(code uint16, reason string) []byte {
	if code == 0 {
		return appendHeader(nil, gws.OpcodeCloseConnection, 0)
	}
	frame := appendHeader(nil, gws.OpcodeCloseConnection, 2+len(reason))
	return append(binary.BigEndian.AppendUint16(frame, code), reason...)
}

// sharedFrame is the frame of an item for all participants of a room, made when the first of them is shown it.
type sharedFrame struct{ bytes []byte }

func (f *sharedFrame) of(chat center.StreamID, it *center.Item) []byte {
	if f.bytes == nil {
		f.bytes = itemFrame(chat, it)
	}
	return f.bytes
}

// itemFrame is what participants are shown of an item.
func itemFrame(chat center.StreamID, it *center.Item) []byte {
	var shown socket.Item
	fillItem(&shown, chat, it)
	// The text first, behind room for the longest header, which is then set right before it.
	buf := socket.AppendItem(make([]byte, maxHeader, maxHeader+640+len(it.Content)+len(it.Content)/8), &shown)
	n := len(buf) - maxHeader
	var header [maxHeader]byte
	h := appendHeader(header[:0], gws.OpcodeText, n)
	start := maxHeader - len(h)
	copy(buf[start:], h)
	return buf[start:]
}

// ItemText is the text of the frame of a chat's item for a socket that listens to several chats, with the cursor behind which
// the socket's client goes on.
func ItemText(chat center.StreamID, it *center.Item) []byte {
	var shown socket.Item
	fillItem(&shown, chat, it)
	text := socket.AppendItem(make([]byte, 0, 720+len(it.Content)+len(it.Content)/8), &shown)
	if it.Seq == 0 {
		return text // nobody can go on behind it
	}
	text = append(text[:len(text)-1], `,"cursor":"`...)
	text = append(append(text, chat...), ':')
	return append(strconv.AppendInt(text, it.Seq, 10), `"}`...)
}

func fillItem(dst *socket.Item, chat center.StreamID, it *center.Item) {
	dst.AbsoluteTime = center.FormatTime(it.Time)
	dst.ContentType = it.ContentType
	dst.ID = string(it.ID)
	dst.Type = string(it.Type)
	if it.Type == center.TypeMetadata && it.Receipt != nil {
		dst.Metadata = metadata(it.Receipt)
		return
	}
	dst.Content = it.Content
	dst.InitialContactID = string(chat)
	dst.ContactID = string(it.Contact)
	if it.Type == center.TypeEvent && it.ContentType == center.EventEnded {
		return // chat.ended has no participant
	}
	dst.ParticipantID = string(it.ParticipantID)
	dst.DisplayName = it.DisplayName
	dst.ParticipantRole = string(it.Role)
}

func metadata(r *center.Receipt) *socket.MessageMetadata {
	return &socket.MessageMetadata{
		MessageID: string(r.Message),
		Receipts: []socket.Receipt{{
			DeliveredTimestamp:     timestamp(r.Delivered),
			ReadTimestamp:          timestamp(r.Read),
			RecipientParticipantID: string(r.Recipient),
		}},
	}
}

func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return center.FormatTime(t)
}
