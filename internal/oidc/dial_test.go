package oidc_test

import (
	"context"
	"errors"
	"net"

	"github.com/parley-chat/parley/internal/outside"
)

// dialUnless connects to the network unless that is down.
func dialUnless(down *bool) outside.Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if *down {
			return nil, errors.New("no route")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}
