package catalog

import "github.com/parley-chat/parley/internal/center"

// Prompts are the prompts of an instance.
var Prompts = &Kind[center.Prompt]{
	rows: "prompt", word: "PROMPT", tail: "prompt",
	key:   (*center.Prompt).Key,
	stamp: (*center.Prompt).Stamp,
	tags:  (*center.Prompt).TagSet,
	taken: "a prompt of that name already exists in the instance",
	quota: 500, plural: "prompts",
	fields: headFields(byText, (*center.Prompt).Key, func(p *center.Prompt) string { return p.Description }, parseID("prompt")),
}
