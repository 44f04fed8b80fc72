package nats

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/center"
)

// News is the version, then for each item its sequence, its time in milliseconds, and its stored body behind its
// length. A node that meets another version ignores it and reads the store.
const newsVersion = 1

// newsLimit begins another message; an item alone stays well under the megabyte that NATS carries.
const newsLimit = 256 << 10

// encode returns the news of as many items as fit, and the rest.
func encode(items []center.Item) (news []byte, rest []center.Item) {
	news = append(make([]byte, 0, 512), newsVersion)
	var body []byte
	for i := range items {
		it := &items[i]
		body = it.AppendBody(body[:0])
		if i > 0 && len(news)+len(body) > newsLimit {
			return news, items[i:]
		}
		news = binary.AppendUvarint(news, uint64(it.Seq))
		news = binary.AppendVarint(news, it.Time.UnixMilli())
		news = binary.AppendUvarint(news, uint64(len(body)))
		news = append(news, body...)
	}
	return news, nil
}

var errNews = errors.New("not news of this version")

func decode(chat center.StreamID, news []byte) ([]center.Item, error) {
	if len(news) == 0 || news[0] != newsVersion {
		return nil, errNews
	}
	var items []center.Item
	for rest := news[1:]; len(rest) > 0; {
		seq, n := binary.Uvarint(rest)
		if n <= 0 || int64(seq) < 0 {
			return nil, errNews
		}
		rest = rest[n:]
		at, n := binary.Varint(rest)
		if n <= 0 {
			return nil, errNews
		}
		rest = rest[n:]
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return nil, errNews
		}
		it := center.Item{Stream: chat, Seq: int64(seq), Time: time.UnixMilli(at).UTC()}
		if err := it.SetBody(rest[n : n+int(size)]); err != nil {
			return nil, err
		}
		items = append(items, it)
		rest = rest[n+int(size):]
	}
	return items, nil
}
