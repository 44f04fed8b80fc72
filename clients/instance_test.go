package clients

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// What the AWS provider of Terraform does with an instance, in its order: it asks who it is, makes the instance, sets its
// attributes, reads everything, tags it and gives it a bucket.
func TestInstanceWithTheAWSSDKForGo(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	who := sts.New(sts.Options{
		BaseEndpoint: aws.String(s.endpoint), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("dev", "dev", ""),
	})
	identity, err := who.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(identity.Account) != "123456789012" || aws.ToString(identity.UserId) == "" || !strings.HasPrefix(aws.ToString(identity.Arn), "arn:aws:iam::123456789012:") {
		t.Errorf("the caller is %s, %s, %s", aws.ToString(identity.Account), aws.ToString(identity.UserId), aws.ToString(identity.Arn))
	}
	_, err = who.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	var refusal smithy.APIError
	if !errors.As(err, &refusal) || refusal.ErrorCode() != "InvalidAction" || !strings.Contains(refusal.ErrorMessage(), "GetSessionToken") {
		t.Errorf("GetSessionToken: %v", err)
	}

	c := newSDKDesk(t, s).client
	made := ask(t, c.CreateInstance, &connect.CreateInstanceInput{
		ClientToken: aws.String("terraform-2026113005390012340000000a"), IdentityManagementType: types.DirectoryTypeConnectManaged,
		InstanceAlias: aws.String("terraform"), InboundCallsEnabled: aws.Bool(true), OutboundCallsEnabled: aws.Bool(true), Tags: map[string]string{"a": "1"},
	})
	at := made.Id
	for name, on := range map[types.InstanceAttributeType]string{
		types.InstanceAttributeTypeAutoResolveBestVoices: "true", types.InstanceAttributeTypeContactflowLogs: "true", types.InstanceAttributeTypeContactLens: "true",
		types.InstanceAttributeTypeEarlyMedia: "true", types.InstanceAttributeTypeInboundCalls: "true", types.InstanceAttributeTypeMultiPartyConference: "false",
		types.InstanceAttributeTypeOutboundCalls: "false",
	} {
		ask(t, c.UpdateInstanceAttribute, &connect.UpdateInstanceAttributeInput{InstanceId: at, AttributeType: name, Value: aws.String(on)})
		got := ask(t, c.DescribeInstanceAttribute, &connect.DescribeInstanceAttributeInput{InstanceId: at, AttributeType: name})
		equal(t, string(name), aws.ToString(got.Attribute.Value), on)
	}
	ask(t, c.UntagResource, &connect.UntagResourceInput{ResourceArn: made.Arn, TagKeys: []string{"a"}})
	ask(t, c.TagResource, &connect.TagResourceInput{ResourceArn: made.Arn, Tags: map[string]string{"b/c é": "2"}})
	described := ask(t, c.DescribeInstance, &connect.DescribeInstanceInput{InstanceId: at}).Instance
	equal(t, "the tags", described.Tags, map[string]string{"b/c é": "2"})
	equal(t, "OutboundCallsEnabled", aws.ToBool(described.OutboundCallsEnabled), false)
	equal(t, "the tags by the ARN", ask(t, c.ListTagsForResource, &connect.ListTagsForResourceInput{ResourceArn: made.Arn}).Tags, described.Tags)

	bucket := &types.InstanceStorageConfig{
		StorageType: types.StorageTypeS3, S3Config: &types.S3Config{BucketName: aws.String("transcripts"), BucketPrefix: aws.String("chats")},
	}
	transcripts := types.InstanceStorageResourceTypeChatTranscripts
	associated := ask(t, c.AssociateInstanceStorageConfig, &connect.AssociateInstanceStorageConfigInput{InstanceId: at, ResourceType: transcripts, StorageConfig: bucket})
	refused[*types.ResourceConflictException](t, c.AssociateInstanceStorageConfig, &connect.AssociateInstanceStorageConfigInput{
		InstanceId: at, ResourceType: transcripts, StorageConfig: bucket,
	})
	key := &connect.DescribeInstanceStorageConfigInput{InstanceId: at, AssociationId: associated.AssociationId, ResourceType: transcripts}
	equal(t, "the bucket", ask(t, c.DescribeInstanceStorageConfig, key).StorageConfig.S3Config, bucket.S3Config)
	ask(t, c.DisassociateInstanceStorageConfig, &connect.DisassociateInstanceStorageConfigInput{InstanceId: at, AssociationId: associated.AssociationId, ResourceType: transcripts})
	refused[*types.ResourceNotFoundException](t, c.DescribeInstanceStorageConfig, key)
	ask(t, c.DeleteInstance, &connect.DeleteInstanceInput{InstanceId: at})
	refused[*types.ResourceNotFoundException](t, c.DescribeInstance, &connect.DescribeInstanceInput{InstanceId: at})
}
