package catalog

import "golang.org/x/crypto/argon2"

// HashForTest is the hash of a password with the given parameters.
func HashForTest(memory, time uint32, threads uint8, password string) string {
	a, salt := argon{memory, time, threads}, []byte("a salt for tests")
	return encodePHC(a, salt, argon2.IDKey([]byte(password), salt, time, memory, threads, hashBytes))
}

// FillPasswordsForTest makes as many requests wait for a hash as may, until they leave.
func FillPasswordsForTest(c *Catalog) (leave func()) { return fill(c.passwords.waiting) }

// OccupyHashingForTest makes as many hashes run as may, until they leave.
func OccupyHashingForTest(c *Catalog) (leave func()) { return fill(c.passwords.running) }

// HashingForTest is how many hashes run.
func HashingForTest(c *Catalog) int { return len(c.passwords.running) }

// HashesForTest is how many hashes were made.
func HashesForTest(c *Catalog) int64 { return c.passwords.made.Load() }

func fill(places chan struct{}) (leave func()) {
	for range cap(places) {
		places <- struct{}{}
	}
	return func() {
		for range cap(places) {
			<-places
		}
	}
}
