package center

import "time"

// PromptID names a prompt.
type PromptID string

// Prompt is a sound that flows play to callers. No chat hears it: where it lies is kept, and nothing is fetched from there.
type Prompt struct {
	Head[PromptID]
	// Place is S3Uri; the prompts that an instance has from its beginning have none.
	Place string `json:"place,omitempty"`
}

// promptNames are the prompts that every new instance has (seen in the lists of two instances).
var promptNames = []string{
	"Beep.wav", "CustomerHold.wav", "CustomerQueue.wav", "Music_Jazz_MyTimetoFly_Inst.wav", "Music_Pop_ThisAndThatIsLife_Inst.wav",
	"Music_Pop_ThrowYourselfInFrontOfIt_Inst.wav", "Music_Rock_EverywhereTheSunShines_Inst.wav",
}

// DefaultPrompts are the prompts that every new instance has.
func DefaultPrompts(at InstanceID, now time.Time) []Prompt {
	all := make([]Prompt, len(promptNames))
	for i, name := range promptNames {
		all[i].Head = Head[PromptID]{ID: PromptID(SeededID(at, "prompt", name)), Name: name, Modified: now.UTC()}
	}
	return all
}
