package center

import "unicode"

// Bounds of passwords, in characters.
const (
	minPassword = 8
	maxPassword = 64
)

// CheckPassword refuses a password that a user cannot have. Its message says nothing of the password, not even its
// length. Source: the pattern of Password in the API model.
func CheckPassword(password string) error {
	var n int
	var upper, lower, digit, space bool
	for _, r := range password {
		n++
		upper = upper || 'A' <= r && r <= 'Z'
		lower = lower || 'a' <= r && r <= 'z'
		digit = digit || '0' <= r && r <= '9'
		space = space || unicode.IsSpace(r)
	}
	if n < minPassword || n > maxPassword || !upper || !lower || !digit || space {
		return Refuse(InvalidParameter,
			"Password must have %d to %d characters, one of A-Z, one of a-z and one of 0-9 among them, and no white space", minPassword, maxPassword)
	}
	return nil
}

// CheckPasswordGiven refuses a password where the users of an instance have none, and none where they need one.
// Source: the API model's text of CreateUser.
func CheckPasswordGiven(given bool, identityManagement string) error {
	switch {
	case given && identityManagement != IdentityManaged:
		return Refuse(InvalidRequest, "Password must not be given with the identity management %s", identityManagement)
	case !given && identityManagement == IdentityManaged:
		return Refuse(InvalidRequest, "Password is required with the identity management %s", identityManagement)
	}
	return nil
}
