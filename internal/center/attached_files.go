package center

import "time"

// AttachedFiles says which files may be attached to what: to chats, for example. An instance has a configuration for each
// scope, whether it was changed or not.
type AttachedFiles struct {
	Scope      string    `json:"scope"`
	MaxBytes   int64     `json:"maxBytes"`
	Extensions []string  `json:"extensions"`
	Modified   time.Time `json:"modified,omitzero"` // zero for what was never changed
}

// AttachedFileScopes are the scopes, as the API spells them.
var AttachedFileScopes = []string{"EMAIL", "CHAT", "CASE", "TASK"}

// What a configuration is until it is changed (Amazon Connect Administrator Guide, "Feature specifications" and "Enable
// attachments", of chats; inferred for the other scopes).
const defaultAttachedBytes = 20 << 20

func defaultExtensions() []string {
	return []string{"csv", "doc", "docx", "heic", "jfif", "jpeg", "jpg", "mov", "mp4", "pdf", "png", "ppt", "pptx", "rtf", "txt", "wav", "xls", "xlsx"}
}

// maxExtensions is how many extensions may be allowed; the API model has no bound.
const maxExtensions = 200

// DefaultAttachedFiles is a scope's configuration until it is changed.
func DefaultAttachedFiles(scope string) AttachedFiles {
	return AttachedFiles{Scope: scope, MaxBytes: defaultAttachedBytes, Extensions: defaultExtensions()}
}

// Check applies the rules that the API model lacks.
func (f *AttachedFiles) Check() error {
	if n := len(f.Extensions); n > maxExtensions {
		return Refuse(InvalidParameter, "ExtensionConfiguration.AllowedExtensions must include at most %d items, got %d", maxExtensions, n)
	}
	return nil
}
