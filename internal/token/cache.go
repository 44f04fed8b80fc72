package token

import (
	"strings"
	"sync"
)

// maxOpened bounds the tokens that a Sealer remembers: as many as there are
// people talking on one node, with room to spare.
const maxOpened = 65536

// maxSealed bounds the tokens that a Sealer remembers to have sealed: with a
// thousand chats begun a second, those of a tenth of it. They take less than a
// megabyte.
const maxSealed = 1024

// cache remembers tokens and what they say, because opening one costs hundreds
// of times a look-up (BenchmarkOpenUncached): opened connection tokens, which
// every request brings, and tokens that were sealed a moment ago, which mostly
// come back within seconds. It holds two generations: when the
// young one is full it becomes the old one, and what the old one held is
// forgotten unless it was asked for. An empty cache takes no memory.
type cache struct {
	max        int // tokens
	mu         sync.RWMutex
	young, old map[string]*Claims
}

func (c *cache) get(token string) (Claims, bool) {
	c.mu.RLock()
	claims, isYoung := c.young[token]
	if !isYoung {
		claims = c.old[token]
	}
	c.mu.RUnlock()
	if claims == nil {
		return Claims{}, false
	}
	if !isYoung {
		c.put(strings.Clone(token), *claims)
	}
	return *claims, true
}

// put keeps the token's text: it must not be a part of a much longer one.
func (c *cache) put(token string, claims Claims) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.max/2 {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[string]*Claims)
	}
	c.young[token] = &claims
}
