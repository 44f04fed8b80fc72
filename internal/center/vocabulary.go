package center

// VocabularyID names a vocabulary.
type VocabularyID string

// Vocabulary is a list of words that transcription should know. Nothing is transcribed here: it is kept as it was given, and is
// ACTIVE at once.
type Vocabulary struct {
	Head[VocabularyID]
	Language string `json:"language"`
	Content  string `json:"content"`
}

// States of vocabularies, as the API spells them.
const (
	VocabularyActive   = "ACTIVE"
	VocabularyDeleting = "DELETE_IN_PROGRESS" // what DeleteVocabulary answers, though it is gone by then
)

// maxVocabulary is how many bytes a vocabulary may have; the API model has the same number of characters.
const maxVocabulary = 60_000

// Check refuses a vocabulary that is too large.
func (v *Vocabulary) Check() error {
	if len(v.Content) > maxVocabulary {
		return Refuse(InvalidRequest, "Content must have at most %d bytes, got %d", maxVocabulary, len(v.Content))
	}
	return nil
}

// DefaultVocabulary is the vocabulary that an instance uses for a language.
type DefaultVocabulary struct {
	Language   string       `json:"language"`
	Vocabulary VocabularyID `json:"vocabulary"`
}
