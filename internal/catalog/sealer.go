package catalog

// Sealer seals what must not be read in the database or by clients, for a purpose. What was sealed for one purpose does not open
// for another.
type Sealer interface {
	Seal(plain []byte, purpose string) []byte
	Open(sealed []byte, purpose string) ([]byte, error)
}
