package api

import (
	"github.com/parley-chat/parley/internal/wire/connect"
)

// Tags are set and read by the ARN of what has them, whatever that is. The inputs name no instance beside the ARN.
var tagOps = map[string]handler{
	"TagResource": signedOp(func(a *API, x *exchange, in *connect.TagResourceInput) (*connect.TagResourceOutput, error) {
		return &connect.TagResourceOutput{}, a.Catalog.Tag(x.r.Context(), *in.ResourceArn, in.Tags, nil)
	}),
	"UntagResource": signedOp(func(a *API, x *exchange, in *connect.UntagResourceInput) (*connect.UntagResourceOutput, error) {
		return &connect.UntagResourceOutput{}, a.Catalog.Tag(x.r.Context(), *in.ResourceArn, nil, in.TagKeys)
	}),
	"ListTagsForResource": signedOp(func(a *API, x *exchange, in *connect.ListTagsForResourceInput) (*connect.ListTagsForResourceOutput, error) {
		tags, err := a.Catalog.Tags(x.r.Context(), *in.ResourceArn)
		if tags == nil {
			tags = map[string]string{}
		}
		return &connect.ListTagsForResourceOutput{Tags: tags}, err
	}),
}
