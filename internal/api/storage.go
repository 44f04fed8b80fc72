package api

import (
	"strings"

	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

var storageOps = map[string]handler{
	"AssociateInstanceStorageConfig": answers(func(c call, in *connect.AssociateInstanceStorageConfigInput) (*connect.AssociateInstanceStorageConfigOutput, error) {
		s := storage(*in.ResourceType, in.StorageConfig)
		once, err := catalog.NewClientToken(value(in.ClientToken), s)
		if err != nil {
			return nil, err
		}
		id, err := catalog.Storages.Create(c.ctx(), c.Catalog, c.at, &s, once)
		return &connect.AssociateInstanceStorageConfigOutput{AssociationId: text(id)}, err
	}),
	"DescribeInstanceStorageConfig": answers(func(c call, in *connect.DescribeInstanceStorageConfigInput) (*connect.DescribeInstanceStorageConfigOutput, error) {
		s, err := c.Catalog.Storage(c.ctx(), c.at, storageID(*in.AssociationId), *in.ResourceType)
		if err != nil {
			return nil, err
		}
		i, err := c.Catalog.Instance(c.ctx(), c.at)
		if err != nil {
			return nil, err
		}
		out := storageConfig(i, s)
		return &connect.DescribeInstanceStorageConfigOutput{StorageConfig: &out}, nil
	}),
	"ListInstanceStorageConfigs": answers(listInstanceStorageConfigs),
	"UpdateInstanceStorageConfig": does[connect.UpdateInstanceStorageConfigOutput](func(c call, in *connect.UpdateInstanceStorageConfigInput) error {
		id := storageID(*in.AssociationId)
		if also := in.StorageConfig.AssociationId; also != nil && storageID(*also) != id {
			return center.Refuse(center.InvalidRequest, "StorageConfig.AssociationId must be the AssociationId of the path, or be left out")
		}
		return c.Catalog.UpdateStorage(c.ctx(), c.at, id, storage(*in.ResourceType, in.StorageConfig))
	}),
	"DisassociateInstanceStorageConfig": does[connect.DisassociateInstanceStorageConfigOutput](func(c call, in *connect.DisassociateInstanceStorageConfigInput) error {
		return c.Catalog.RemoveStorage(c.ctx(), c.at, storageID(*in.AssociationId), *in.ResourceType)
	}),
}

// listStoragePage is the length of a page of storage configurations: the API model's maximum.
const listStoragePage = 10

func storageID(id string) string { return strings.ToLower(id) }

func listInstanceStorageConfigs(c call, in *connect.ListInstanceStorageConfigsInput) (*connect.ListInstanceStorageConfigsOutput, error) {
	after, limit, err := page(in.NextToken, in.MaxResults, listStoragePage)
	if err != nil {
		return nil, err
	}
	i, err := c.Catalog.Instance(c.ctx(), c.at)
	if err != nil {
		return nil, err
	}
	found, err := catalog.Storages.List(c.ctx(), c.Catalog, c.at, after, limit+1, func(s *center.Storage) bool { return s.Resource == *in.ResourceType })
	if err != nil {
		return nil, err
	}
	found, next := cut(found, limit, catalog.Storages.ID)
	out := &connect.ListInstanceStorageConfigsOutput{StorageConfigs: make([]connect.InstanceStorageConfig, len(found)), NextToken: next}
	for n := range found {
		out.StorageConfigs[n] = storageConfig(i, &found[n])
	}
	return out, nil
}

// storage reads a configuration. Which members go together is a rule of its own. A new association gets an id of its own:
// what a caller copies from another instance may have one.
func storage(resource string, in *connect.InstanceStorageConfig) center.Storage {
	s := center.Storage{Resource: resource, Type: *in.StorageType}
	if to := in.S3Config; to != nil {
		s.S3 = &center.S3Storage{Bucket: *to.BucketName, Prefix: *to.BucketPrefix, Key: encryptionKey(to.EncryptionConfig)}
	}
	if to := in.KinesisVideoStreamConfig; to != nil {
		s.Video = &center.VideoStorage{Prefix: *to.Prefix, Hours: *to.RetentionPeriodHours, Key: encryptionKey(to.EncryptionConfig)}
	}
	if to := in.KinesisStreamConfig; to != nil {
		s.Stream = *to.StreamArn
	}
	if to := in.KinesisFirehoseConfig; to != nil {
		s.Firehose = *to.FirehoseArn
	}
	return s
}

// encryptionKey is the key of an encryption; KMS is the one type.
func encryptionKey(in *connect.EncryptionConfig) string {
	if in == nil || *in.EncryptionType != encryptionKMS {
		return ""
	}
	return *in.KeyId
}

const encryptionKMS = "KMS"

func encryption(key string) *connect.EncryptionConfig {
	if key == "" {
		return nil
	}
	kind := encryptionKMS
	return &connect.EncryptionConfig{EncryptionType: &kind, KeyId: &key}
}

func storageConfig(i *center.Instance, s *center.Storage) connect.InstanceStorageConfig {
	out := connect.InstanceStorageConfig{AssociationId: text(s.ID), StorageType: &s.Type}
	switch s.Type {
	case center.StorageS3:
		out.S3Config = &connect.S3Config{BucketName: &s.S3.Bucket, BucketPrefix: &s.S3.Prefix, EncryptionConfig: encryption(s.S3.Key)}
	case center.StorageVideo:
		prefix := s.Video.StreamPrefix(i)
		out.KinesisVideoStreamConfig = &connect.KinesisVideoStreamConfig{Prefix: &prefix, RetentionPeriodHours: &s.Video.Hours, EncryptionConfig: encryption(s.Video.Key)}
	case center.StorageStream:
		out.KinesisStreamConfig = &connect.KinesisStreamConfig{StreamArn: &s.Stream}
	case center.StorageFirehose:
		out.KinesisFirehoseConfig = &connect.KinesisFirehoseConfig{FirehoseArn: &s.Firehose}
	}
	return out
}
