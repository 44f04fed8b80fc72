package center

import "time"

// AuthenticationProfileID names an authentication profile.
type AuthenticationProfileID string

// AuthenticationProfile says from where, and for how long, users may be signed in. Each instance has one, the default.
type AuthenticationProfile struct {
	Head[AuthenticationProfileID]
	Default bool      `json:"default"`
	Created time.Time `json:"created"`
	// AllowedIPs and BlockedIPs are addresses or ranges of them.
	AllowedIPs []string `json:"allowedIps,omitempty"`
	BlockedIPs []string `json:"blockedIps,omitempty"`
	// In minutes.
	Periodic   int64 `json:"periodic"`
	MaxSession int64 `json:"maxSession"`
	Inactivity int64 `json:"inactivity"`
	// Inactive says that users who do nothing are signed out.
	Inactive bool `json:"inactive,omitempty"`
}

// DefaultAuthenticationProfileName is what an instance's profile is called.
const DefaultAuthenticationProfileName = "Default Authentication Profile"

// DefaultAuthenticationProfile is what a new instance has. The durations are those of the API model's bounds that change
// least: a session of 12 hours, which is proved anew every hour (inferred).
func DefaultAuthenticationProfile(at InstanceID, now time.Time) AuthenticationProfile {
	return AuthenticationProfile{
		Head: Head[AuthenticationProfileID]{
			ID:   AuthenticationProfileID(SeededID(at, "authentication-profile", DefaultAuthenticationProfileName)),
			Name: DefaultAuthenticationProfileName, Modified: now.UTC(),
		},
		Default: true, Created: now.UTC(), Periodic: 60, MaxSession: 720, Inactivity: 60,
	}
}

// InactiveFor is how long users may do nothing before their sessions end; 0: as long as they like.
func (p *AuthenticationProfile) InactiveFor() time.Duration {
	if !p.Inactive {
		return 0
	}
	return time.Duration(p.Inactivity) * time.Minute
}
