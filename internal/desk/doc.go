// Package desk is the agent's side over HTTP: the operations below /agent/v1, which an agent's or a supervisor's client
// calls, and the signing in that comes before them.
//
// It finds out who calls, by the session that a cookie or a bearer token names, and what the user's security profiles
// permit. Then it makes one call into catalog and the packages beside it, and encodes the answer. All operations are rows
// of one table; an operation that is not in it does not exist. What agents may do is decided elsewhere; desk never decides
// about a contact. In memory it keeps limits, and the windows of its sockets with what they were shown.
//
// # How a route is written
//
// A row says all there is to say about an operation, and the handler is a function of what is taken to what is answered:
//
//	var noteRoutes = []route{
//		row("POST", "contacts/{contact}/notes", agents, "Adds a note that only agents see.", (*call).addNote).
//			refuses(center.ContactNotFound, center.InvalidState),
//	}
//
//	type noteInput struct {
//		contactInput        // Contact string `path:"contact"`
//		Silent       bool   `query:"silent" about:"Makes no event of it."`
//		Text         string `json:"text" rule:"required,max=1024" about:"What the note says."`
//		Kind         string `json:"kind" rule:"enum=PLAIN|URGENT"`
//	}
//
//	type noteOutput struct {
//		ID center.ItemID `json:"id"`
//	}
//
//	func (c *call) addNote(in noteInput) (*noteOutput, error) { … }
//
// The path is below [Prefix]. The third argument is what the caller needs: signedIn, agents, metrics or another list of lists of
// permissions, of each of which one is needed. The fourth is a sentence for the OpenAPI document, which is made of the table, of the
// types of In and Out, and of their tags:
//
//   - path:"name", query:"name" or json:"name" says where a field of In comes from. Each field has one; embedded structs are fine.
//     Parameters of the query are string, int, float64, bool, or []string for one that is repeated. A body has no members but those
//     of In: unknown ones are refused, also where In has none. GET reads no body.
//   - rule:"required,min=1,max=100,enum=A|B" is enforced before the handler is called, with errors that name the member, in
//     structs within too: min and max of a text are its characters, of an array its members. An empty text is an absent one. A number in
//     a body is a pointer if it has a rule, since zero would be an absent one.
//   - rule:"format=uuid" of a text, and rule:"enum=…" and rule:"null" (of an array or a map that may be null) in an Out, are for the document.
//   - about:"…" says what the name does not say.
//
// An In of empty takes nothing, an Out of empty answers {}. What is answered has a type: no any, no map of any. Members that are not
// always there have omitempty or omitzero, those that may be null are pointers, and slices are made, never nil, so that they are [].
//
// What may differ is written behind the row: toAnyone() for those who are not signed in, with checking() where credentials are looked
// at (401, 429); upTo(bytes) for another limit of the body than maxBody; refuses(codes…) for the refusals of the operation itself: what
// every operation answers is known, as 400 for bad input, 401, 403, 429 and 500. A socket, a page or a redirect is written by the handler
// to c.w, which sets c.taken; its row says instead(303, "", "Leads to the page of the provider.") in place of the Out, or also(…) beside it.
package desk
