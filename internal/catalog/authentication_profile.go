package catalog

import (
	"net/netip"

	"github.com/parley-chat/parley/internal/center"
)

// AuthenticationProfiles are those of an instance. There is no operation that makes one or deletes one.
var AuthenticationProfiles = &Kind[center.AuthenticationProfile]{
	rows: "authentication-profile", word: "AUTHENTICATION_PROFILE", tail: "authentication-profile",
	key:   (*center.AuthenticationProfile).Key,
	stamp: (*center.AuthenticationProfile).Stamp,
	check: validProfile,
	taken: "an authentication profile of that name already exists in the instance",
}

// maxIPRanges is how many ranges each of the two lists may have. The API model bounds neither.
const maxIPRanges = 500

// validProfile applies the rules of the lists of addresses.
func validProfile(p *center.AuthenticationProfile) error {
	for _, list := range []struct {
		name   string
		ranges []string
	}{{"AllowedIps", p.AllowedIPs}, {"BlockedIps", p.BlockedIPs}} {
		if len(list.ranges) > maxIPRanges {
			return center.Refuse(center.InvalidParameter, "%s must include at most %d items, got %d", list.name, maxIPRanges, len(list.ranges))
		}
		for i, s := range list.ranges {
			_, noRange := netip.ParsePrefix(s)
			_, noAddress := netip.ParseAddr(s)
			if noRange != nil && noAddress != nil {
				return center.Refuse(center.InvalidParameter, "%s[%d] must be an IPv4 or IPv6 address or a range of them, such as 192.0.2.0/24, got %d characters", list.name, i, len(s))
			}
		}
	}
	return nil
}
