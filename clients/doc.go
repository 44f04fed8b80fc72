// Package clients is where other people's clients judge parley: the AWS SDK for Go, boto3, the AWS CLI, and
// amazon-connect-chatjs in Node and in a page in Chromium, amazon-connect-streams in desktops in Chromium, each unmodified, each against a
// parley process of its own.
// schemathesis calls /agent/v1 with what it makes of the OpenAPI document of it.
//
// Terraform's AWS provider is not among them: a stand-in makes its calls with the AWS SDK for Go.
//
// It holds tests only, and imports nothing of parley: what a judge knows, it knows from the wire. The AWS SDK for Go
// runs wherever Go does. A judge whose program is missing is skipped with a line that says so, unless
// PARLEY_REQUIRE_CLIENTS names it (as in "node,chromium,boto3,aws,schemathesis"), and then its absence is a failure.
package clients
