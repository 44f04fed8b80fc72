package main

import "slices"

// accessors write what the inputs of many operations have in common, so that one piece of code can serve them all: the
// instance, the resource that the path names behind it, and where a list goes on.
func (e *emitter) accessors() {
	for _, op := range e.ops {
		s := e.model.Shapes.byName[op.Input.Shape]
		args := pathArguments(op)
		if s.requires("InstanceId") {
			e.printf("// AtInstance is the instance that the request names.\nfunc (in *%sInput) AtInstance() string { return *in.InstanceId }\n\n", op.Name)
		}
		if i := slices.Index(args, "InstanceId"); i >= 0 && len(args) > i+1 {
			e.printf("// OnResource is the resource that the path names behind the instance.\nfunc (in *%sInput) OnResource() string { return %s }\n\n",
				op.Name, e.pathText(s, args[i+1]))
		}
		if members := s.members().names; slices.Contains(members, "NextToken") && slices.Contains(members, "MaxResults") {
			e.printf("// Page is where the list goes on, and how much of it is asked for.\nfunc (in *%sInput) Page() (nextToken *string, maxResults *int64) { return in.NextToken, in.MaxResults }\n\n", op.Name)
		}
	}
}

// pathText is the text of a path's argument, "" where it is a number.
func (e *emitter) pathText(s *shape, argument string) string {
	for name, r := range s.members().byName {
		if (name == argument || r.LocationName == argument) && e.model.Shapes.byName[r.Shape].Type == "string" {
			return "*in." + exported(name)
		}
	}
	return `""`
}
