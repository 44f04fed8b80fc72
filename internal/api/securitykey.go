package api

import (
	"github.com/parley-chat/parley/internal/catalog"
	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/wire/connect"
)

const listSecurityKeysPage = 2 // the API model's maximum, and all that an instance may have

var securityKeyOps = map[string]handler{
	"AssociateSecurityKey":    answers(associateSecurityKey),
	"DisassociateSecurityKey": deletes[connect.DisassociateSecurityKeyOutput, *connect.DisassociateSecurityKeyOutput, *connect.DisassociateSecurityKeyInput](catalog.SecurityKeys),
	"ListSecurityKeys": lists[*connect.ListSecurityKeysInput](catalog.SecurityKeys, listSecurityKeysPage, nil, func(_ call, m made, k *center.SecurityKey) connect.SecurityKey {
		return connect.SecurityKey{AssociationId: m.id, Key: &k.PEM, CreationTime: &k.Created}
	}, func(all []connect.SecurityKey, next *string) *connect.ListSecurityKeysOutput {
		return &connect.ListSecurityKeysOutput{SecurityKeys: all, NextToken: next}
	}),
}

func associateSecurityKey(c call, in *connect.AssociateSecurityKeyInput) (*connect.AssociateSecurityKeyOutput, error) {
	key, err := catalog.ParseSecurityKey(*in.Key)
	if err != nil {
		return nil, err
	}
	once, err := catalog.NewClientToken(value(in.ClientToken), key.Digest)
	if err != nil {
		return nil, err
	}
	id, err := catalog.SecurityKeys.Create(c.ctx(), c.Catalog, c.at, key, once)
	if err != nil {
		return nil, err
	}
	return &connect.AssociateSecurityKeyOutput{AssociationId: &id}, nil
}
