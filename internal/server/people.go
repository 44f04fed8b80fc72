package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
)

// SeedPassword is the password of all users that a development server is seeded with. It is no secret: other servers take it
// from none of them, whoever has served the database before.
const SeedPassword = "Parley-dev-1"

// seedPasswordHash is that of SeedPassword. Hashing it anew at every start would take longer than all the rest of the start.
const seedPasswordHash = "$argon2id$v=19$m=19456,t=2,p=1$cGFybGV5LWRldi1zZWVkcw$bgNkeWIqH5KlbNOsxcCORLCdLaPrB4dSqrQRqRwFbFg"

// Person is a user that a development server is seeded with, as /_parley/info and the banner show it.
type Person struct {
	Username string `json:"username"`
	Password string `json:"password"`
	// Role is agent or supervisor.
	Role string        `json:"role"`
	ID   center.UserID `json:"id"`
}

const (
	roleAgent      = "agent"
	roleSupervisor = "supervisor"
)

// A supervisor has the profile of an agent too: who monitors needs access to the agent's side.
var seedPeople = []struct {
	name, first, last, role string
	profiles                []string
}{
	{"agent-1", "Jane", "Roe", roleAgent, []string{center.SecurityAgent}},
	{"agent-2", "John", "Doe", roleAgent, []string{center.SecurityAgent}},
	{"supervisor", "Sam", "Lee", roleSupervisor, []string{center.SecurityManager, center.SecurityAgent}},
}

func seedUserID(name string) center.UserID {
	return center.UserID(center.SeededID(SeedInstance, "user", name))
}

// People are the users that a development server is seeded with, whatever has become of them since.
func People() []Person {
	all := make([]Person, len(seedPeople))
	for i, p := range seedPeople {
		all[i] = Person{Username: p.name, Password: SeedPassword, Role: p.role, ID: seedUserID(p.name)}
	}
	return all
}

// warnOfSeededPasswords logs which users cannot sign in, since they still have the password that a development server gave them.
func (s *Server) warnOfSeededPasswords(ctx context.Context) error {
	var names []string
	for _, p := range seedPeople {
		known, err := s.catalog.HasKnownPassword(ctx, SeedInstance, seedUserID(p.name))
		switch {
		case errors.Is(err, center.ErrDamaged): // the store has logged it
		case err != nil:
			return err
		case known:
			names = append(names, p.name)
		}
	}
	if len(names) > 0 {
		s.cfg.Log.Warn("users have the password of parley dev, which everybody knows, and cannot sign in: give them another one with parley user password", "users", names)
	}
	return nil
}

// seedUsers makes the users that a development server has, on the basic routing profile, unless they are there. One whose name
// another user has is left out.
func (s *Server) seedUsers(ctx context.Context) error {
	for _, p := range seedPeople {
		id := seedUserID(p.name)
		_, err := catalog.Users.Get(ctx, s.catalog, SeedInstance, string(id))
		if !center.Is(err, center.NotFound) {
			if err != nil {
				return fmt.Errorf("seed the user %s: %w", p.name, err)
			}
			continue
		}
		u := &center.User{
			Head: center.Head[center.UserID]{ID: id, Name: p.name}, Identity: center.Identity{FirstName: p.first, LastName: p.last},
			RoutingProfile: center.BasicRoutingProfileID(SeedInstance),
		}
		for _, name := range p.profiles {
			u.SecurityProfiles = append(u.SecurityProfiles, center.SecurityProfileID(center.SeededID(SeedInstance, "security-profile", name)))
		}
		switch err = s.catalog.SeedUser(ctx, SeedInstance, u, seedPasswordHash); {
		case center.Is(err, center.Duplicate):
			s.cfg.Log.Warn("a seeded user was deleted, and another user has its name", "user", p.name)
		case center.Is(err, center.NotFound):
			s.cfg.Log.Warn("a seeded user is not made: its security profile or routing profile was deleted", "user", p.name)
		case err != nil:
			return fmt.Errorf("seed the user %s: %w", p.name, err)
		}
	}
	return nil
}
