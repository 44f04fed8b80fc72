package center

// Partition names where ARNs of this server live: the account and region it was told to speak for.
type Partition struct {
	Account string // twelve digits
	Region  string
}
