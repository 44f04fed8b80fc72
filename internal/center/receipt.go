package center

import "time"

// Receipt says when a participant got and read a message. A zero time is "not yet".
type Receipt struct {
	Message   ItemID        `json:"m"`
	Recipient ParticipantID `json:"p"`
	Delivered time.Time     `json:"d,omitzero"`
	Read      time.Time     `json:"r,omitzero"`
}

// Acknowledge writes down that a participant got or read a message. seen is the message and known what was
// written about it for this participant before; the time first told stays.
// "More than two active participants" is the API reference's reason for a ConflictException.
func (d *Draft) Acknowledge(from ParticipantID, seen *Item, known Receipt, read bool) (*Item, error) {
	p, err := d.speaker(from, "SendEvent")
	if err != nil {
		return nil, err
	}
	active := 0
	for _, other := range d.Chat.Participants {
		if other.Active() {
			active++
		}
	}
	if active > 2 {
		return nil, Refuse(Conflict, "message receipts are not available with more than two active participants, there are %d", active)
	}
	if seen.ParticipantID == p.ID || (seen.Type != TypeMessage && seen.Type != TypeAttachment) {
		return nil, Refuse(InvalidParameter, "messageId must name a message of another participant")
	}
	now := d.Now.Truncate(time.Millisecond)
	r := Receipt{Message: seen.ID, Recipient: p.ID, Delivered: known.Delivered, Read: known.Read}
	if r.Delivered.IsZero() {
		r.Delivered = now
	}
	if read && r.Read.IsZero() {
		r.Read = now
	}
	d.change.Receipts = append(d.change.Receipts, r)
	return d.Add(Item{Type: TypeMetadata, ContentType: EventMetadata, Receipt: &r}), nil
}
