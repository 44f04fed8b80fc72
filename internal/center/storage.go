package center

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// StorageID names what an instance stores something in.
type StorageID string

// Storage is where an instance stores one sort of things. Exactly one of S3, Video, Stream and Firehose is set, by Type.
type Storage struct {
	ID       StorageID     `json:"id"`
	Resource string        `json:"resource"` // CHAT_TRANSCRIPTS
	Type     string        `json:"type"`
	S3       *S3Storage    `json:"s3,omitempty"`
	Video    *VideoStorage `json:"video,omitempty"`
	Stream   string        `json:"stream,omitempty"`   // an ARN
	Firehose string        `json:"firehose,omitempty"` // an ARN
	Modified time.Time     `json:"modified"`
}

// S3Storage is a bucket of Amazon S3. Key is the ARN of a key of AWS KMS, empty for none.
type S3Storage struct {
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix"`
	Key    string `json:"key,omitempty"`
}

// VideoStorage are streams of Kinesis Video Streams.
type VideoStorage struct {
	Prefix string `json:"prefix"` // as it was given
	Hours  int64  `json:"hours"`
	Key    string `json:"key"`
}

// Types of storage, as the API spells them.
const (
	StorageS3       = "S3"
	StorageVideo    = "KINESIS_VIDEO_STREAM"
	StorageStream   = "KINESIS_STREAM"
	StorageFirehose = "KINESIS_FIREHOSE"
)

// storageTypes are what each sort of things can be stored in (Amazon Connect Administrator Guide, "Data storage" and "Enable
// data streaming"); where it does not say, inferred.
var storageTypes = map[string][]string{
	"CHAT_TRANSCRIPTS": {StorageS3}, "CALL_RECORDINGS": {StorageS3}, "SCHEDULED_REPORTS": {StorageS3}, "ATTACHMENTS": {StorageS3},
	"CONTACT_EVALUATIONS": {StorageS3}, "SCREEN_RECORDINGS": {StorageS3}, "EMAIL_MESSAGES": {StorageS3},
	"MEDIA_STREAMS":         {StorageVideo},
	"CONTACT_TRACE_RECORDS": {StorageStream, StorageFirehose}, "AGENT_EVENTS": {StorageStream},
	"REAL_TIME_CONTACT_ANALYSIS_SEGMENTS": {StorageStream}, "REAL_TIME_CONTACT_ANALYSIS_CHAT_SEGMENTS": {StorageStream},
	"REAL_TIME_CONTACT_ANALYSIS_VOICE_SEGMENTS": {StorageStream},
}

// Key is the id, and the sort of things: an instance has one storage for each.
func (s *Storage) Key() (id, name string) { return string(s.ID), s.Resource }

// Stamp gives a new storage its id, and notes when it was changed.
func (s *Storage) Stamp(newID func() string, now time.Time) {
	if s.ID == "" {
		s.ID = StorageID(newID())
	}
	s.Modified = now
}

// Check applies the rules that hold between a storage's members.
func (s *Storage) Check() error {
	if types := storageTypes[s.Resource]; !slices.Contains(types, s.Type) {
		return Refuse(InvalidRequest, "StorageConfig.StorageType must be %s for the resource type %s", strings.Join(types, " or "), s.Resource)
	}
	for _, m := range []struct {
		kind, member string
		given        bool
	}{
		{StorageS3, "S3Config", s.S3 != nil}, {StorageVideo, "KinesisVideoStreamConfig", s.Video != nil},
		{StorageStream, "KinesisStreamConfig", s.Stream != ""}, {StorageFirehose, "KinesisFirehoseConfig", s.Firehose != ""},
	} {
		if err := onlyMember("StorageConfig."+m.member, m.given, m.kind == s.Type, "the storage type "+s.Type); err != nil {
			return err
		}
	}
	switch s.Type {
	case StorageS3:
		return checkServiceARN("StorageConfig.S3Config.EncryptionConfig.KeyId", s.S3.Key, "kms", s.S3.Key == "")
	case StorageVideo:
		return checkServiceARN("StorageConfig.KinesisVideoStreamConfig.EncryptionConfig.KeyId", s.Video.Key, "kms", false)
	case StorageStream:
		return checkServiceARN("StorageConfig.KinesisStreamConfig.StreamArn", s.Stream, "kinesis", false)
	}
	return checkServiceARN("StorageConfig.KinesisFirehoseConfig.FirehoseArn", s.Firehose, "firehose", false)
}

// onlyMember refuses a configuration that lacks the member of its type, or has that of another.
func onlyMember(member string, given, wanted bool, kind string) error {
	switch {
	case wanted && !given:
		return Refuse(InvalidRequest, "%s is required for %s", member, kind)
	case given && !wanted:
		return Refuse(InvalidRequest, "%s must not be given for %s", member, kind)
	}
	return nil
}

// checkServiceARN refuses what is no ARN of a service, in any region and account: arn:PARTITION:SERVICE:REGION:ACCOUNT:NAME.
func checkServiceARN(field, s, service string, none bool) error {
	parts := strings.SplitN(s, ":", 6)
	if none || len(parts) == 6 && parts[0] == "arn" && parts[1] != "" && parts[2] == service && parts[5] != "" {
		return nil
	}
	return Refuse(InvalidParameter, "%s must be an ARN of %s, arn:aws:%s:REGION:ACCOUNT:NAME, got %d characters of something else", field, service, service, utf8.RuneCountInString(s))
}

// StreamPrefix is the prefix of video streams as it is shown: Amazon Connect completes what was given with the instance's
// alias (seen with the AWS provider of Terraform).
func (v *VideoStorage) StreamPrefix(i *Instance) string {
	tail := "-connect-" + i.Alias + "-contact-"
	return strings.TrimSuffix(v.Prefix, tail) + tail
}
