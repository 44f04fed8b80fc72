// Package api is the HTTP face of Amazon Connect's chat: each request is authenticated, decoded, turned into one call
// into chat, and its outcome encoded as Amazon Connect encodes it.
//
// Operations, their routes, constraints and errors come from the generated tables wire/connect and wire/participant;
// the rules of the contact centre come from chat. This package adds what AWS's front door does before an operation
// is looked at: routing on the escaped path, request ids, CORS, the limit on bodies, signatures, tokens, throttles,
// and the envelope of errors. [New] needs a [Config].
//
// It never decides a rule of a chat, never stores anything, never serves a page, and never logs a token, a message's
// text, an attribute's value or a CustomerId.
package api
