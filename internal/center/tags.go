package center

import (
	"maps"
	"strings"
	"unicode/utf8"
)

// maxTags is how many tags a resource may have (the API model's TagMap).
const maxTags = 50

// MergeTags returns the tags of a resource with others set and some taken away. Keys that the resource does not have are
// no error to take away. The tags that were there are not changed.
func MergeTags(have, set map[string]string, remove []string) (map[string]string, error) {
	tags := maps.Clone(merged(have, set))
	for _, key := range remove {
		delete(tags, key)
	}
	if len(tags) > maxTags {
		return nil, Refuse(LimitExceeded, "a resource may have at most %d tags, and it would have %d", maxTags, len(tags))
	}
	return tags, nil
}

// ResourceARN is what an ARN of Amazon Connect names.
type ResourceARN struct {
	// Instance is empty for what does not belong to an instance: an instance itself, or a phone number.
	Instance InstanceID
	// Tail is the type of the resource, as ARNs spell it: "queue".
	Tail string
	// ID names the resource among those of its type, with what may follow behind a colon.
	ID string
}

// ParseARN reads the ARN of a resource of this account and region.
func (p Partition) ParseARN(s string) (ResourceARN, error) {
	bad := func(rule string) (ResourceARN, error) {
		return ResourceARN{}, Refuse(InvalidParameter, "resourceArn %s, got %d characters of something else", rule, utf8.RuneCountInString(s))
	}
	const form = "must be an ARN of Amazon Connect: arn:aws:connect:REGION:ACCOUNT:instance/ID, with /TYPE/ID behind it for what belongs to an instance"
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] != "aws" || parts[2] != "connect" {
		return bad(form)
	}
	if parts[3] != p.Region || parts[4] != p.Account {
		return bad("must name the region and the account of this server, " + p.Region + " and " + p.Account)
	}
	first, rest, _ := strings.Cut(parts[5], "/")
	id, rest, more := strings.Cut(rest, "/")
	if first != "instance" || !more {
		if first == "" || id == "" || more {
			return bad(form)
		}
		return ResourceARN{Tail: first, ID: id}, nil
	}
	tail, below, _ := strings.Cut(rest, "/")
	if _, ok := UUID(id); !ok || tail == "" || below == "" {
		return bad(form)
	}
	return ResourceARN{InstanceID(strings.ToLower(id)), tail, below}, nil
}
