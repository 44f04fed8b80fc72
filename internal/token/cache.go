package token

import (
	"strings"
	"sync"
)

// maxOpened bounds the tokens that a Sealer remembers: as many as there are
// people talking on one node, with room to spare.
const maxOpened = 65536

// cache remembers opened connection tokens, because every request brings one
// and opening it costs hundreds of times a look-up (BenchmarkOpenUncached). It holds two generations: when the
// young one is full it becomes the old one, and what the old one held is
// forgotten unless it was asked for. The zero cache is empty and takes no
// memory.
type cache struct {
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
		c.put(token, *claims)
	}
	return *claims, true
}

// put copies the token's text, which may be a part of a much longer one.
func (c *cache) put(token string, claims Claims) {
	token = strings.Clone(token)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= maxOpened/2 {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[string]*Claims)
	}
	c.young[token] = &claims
}
