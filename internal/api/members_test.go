package api

import (
	"bytes"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/wire"
	"github.com/parley-chat/parley/internal/wire/connect"
	"github.com/parley-chat/parley/internal/wire/participant"
)

const wirePackages = "github.com/parley-chat/parley/internal/wire/"

// TestEveryMemberIsLookedAt walks all members of all requests that are served. Each is read by the code of this
// package, or it is in a table: of those that are refused whatever they hold, or of those that change nothing, each with
// its reason, which is on the page of what is served. A member that a newer API model brings fails here until it is one
// of these.
func TestEveryMemberIsLookedAt(t *testing.T) {
	pkg, info, files := checked(t)
	read := fieldsRead(info, files)
	for _, op := range operations() {
		markShared(read, info, &op, wireType(t, pkg, op.Service, op.Name+"Input"))
	}
	known, bearers := map[string]bool{}, bearerMembers()
	for _, op := range operations() {
		walkMembers(wireType(t, pkg, op.Service, op.Name+"Input"), op.Service+" "+op.Name+" ", nil, func(name string, field *types.Var) (deeper bool) {
			known[name] = true
			without, excused := withoutEffect[name]
			refused := slices.Contains(refusedWhole, name)
			switch {
			case bearers[name]:
			case refused && !read[field]:
				t.Errorf("%s is never read, so nothing refuses it", name)
			case excused && without.kept != read[field]:
				t.Errorf("%s: read is %v, and kept says otherwise in withoutEffect", name, read[field])
			case !read[field] && !excused:
				t.Errorf("%s is silently ignored: honour it, refuse it, or say in withoutEffect why it changes nothing", name)
			}
			return !refused
		})
	}
	for _, name := range append(slices.Collect(maps.Keys(withoutEffect)), refusedWhole...) {
		if !known[name] {
			t.Errorf("%s is no member of a request that is served", name)
		}
	}
}

// bearerMembers are the members that travel in the header of the bearer's token, which the front door opens.
func bearerMembers() map[string]bool {
	found := map[string]bool{}
	for service, all := range map[string]map[string][]wire.Constraint{connectService: connect.Constraints(), participantService: participant.Constraints()} {
		for op, fields := range all {
			for _, c := range fields {
				if c.Location == wire.Header && strings.EqualFold(c.Wire, "X-Amz-Bearer") {
					found[service+" "+op+" "+c.Field] = true
				}
			}
		}
	}
	return found
}

// checked type-checks this package's code without its tests. The compiler's export data of what it imports comes from
// the go command.
func checked(t *testing.T) (*types.Package, *types.Info, []*ast.File) {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	for line := range bytes.Lines(out) {
		path, file, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		exports[path] = file
	}
	set := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}, Instances: map[*ast.Ident]types.Instance{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, errors.New("no export data")
		}
		return os.Open(exports[path])
	})}
	pkg, err := config.Check("github.com/parley-chat/parley/internal/api", set, files, info)
	if err != nil {
		t.Fatal(err)
	}
	return pkg, info, files
}

// fieldsRead are the fields that the code reads and does not only assign to.
func fieldsRead(info *types.Info, files []*ast.File) map[*types.Var]bool {
	assigned := map[ast.Expr]bool{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok {
				for _, to := range a.Lhs {
					assigned[to] = true
				}
			}
			return true
		})
	}
	read := map[*types.Var]bool{}
	for expr, selection := range info.Selections {
		if field, ok := selection.Obj().(*types.Var); ok && !assigned[expr] {
			read[field] = true
		}
	}
	return read
}

// markShared marks the members of an operation's input that an adapter reads by the methods which all inputs of its kind
// have: the adapter's type parameter says which methods these are.
func markShared(read map[*types.Var]bool, info *types.Info, op *wire.Op, input *types.Struct) {
	fields := map[string]*types.Var{}
	for field := range input.Fields() {
		fields[field.Name()] = field
	}
	members := map[string][]string{"AtInstance": {"InstanceId"}, "Page": {"NextToken", "MaxResults"}}
	if _, behind, ok := strings.Cut(op.Path, "{InstanceId}/"); ok {
		if _, name, ok := strings.Cut(behind, "{"); ok {
			name, _, _ = strings.Cut(name, "}")
			members["OnResource"] = []string{name}
		}
	}
	for ident, instance := range info.Instances {
		f, ok := info.Uses[ident].Type().(interface{ TypeParams() *types.TypeParamList })
		if !ok {
			continue
		}
		for i := range f.TypeParams().Len() {
			if types.Unalias(within(instance.TypeArgs.At(i))).Underlying() != input {
				continue
			}
			methods := types.NewMethodSet(f.TypeParams().At(i).Constraint())
			for method := range methods.Methods() {
				for _, name := range members[method.Obj().Name()] {
					if field := fields[name]; field != nil {
						read[field] = true
					}
				}
			}
		}
	}
}

// wireType finds a structure of the wire packages.
func wireType(t *testing.T, pkg *types.Package, service, name string) *types.Struct {
	t.Helper()
	for _, imported := range pkg.Imports() {
		if imported.Path() == wirePackages+service {
			return imported.Scope().Lookup(name).Type().Underlying().(*types.Struct)
		}
	}
	t.Fatalf("package api does not import wire/%s", service)
	return nil
}

// walkMembers visits all members of a structure and, where visit says so, those below each. A structure that contains
// itself is visited once.
func walkMembers(s *types.Struct, path string, around []*types.Struct, visit func(name string, field *types.Var) (deeper bool)) {
	if slices.Contains(around, s) {
		return
	}
	around = append(around, s)
	for field := range s.Fields() {
		if !field.Exported() || !visit(path+field.Name(), field) {
			continue
		}
		if inner, ok := within(field.Type()).Underlying().(*types.Struct); ok && strings.HasPrefix(pathOf(field.Type()), wirePackages) {
			walkMembers(inner, path+field.Name()+".", around, visit)
		}
	}
}

// within is the type that pointers, lists and maps lead to.
func within(t types.Type) types.Type {
	switch u := t.(type) {
	case *types.Pointer:
		return within(u.Elem())
	case *types.Slice:
		return within(u.Elem())
	case *types.Map:
		return within(u.Elem())
	}
	return t
}

// pathOf is the package of the type that pointers, lists and maps lead to.
func pathOf(t types.Type) string {
	if named, ok := within(t).(*types.Named); ok && named.Obj().Pkg() != nil {
		return named.Obj().Pkg().Path()
	}
	return ""
}

// refusedWhole are the members that are refused whatever they hold, with all below them.
var refusedWhole = []string{
	"connect CreateParticipant ParticipantDetails.ParticipantCapabilities",
	"connect CreateQueue EmailAddressesConfig",
	"connect CreateQueue OutboundEmailConfig",
	"connect StartChatContact ChatStreamingConfiguration",
	"connect StopContact DisconnectReason",
	"connect UpdateContact AdditionalRecipients",
	"connect UpdateContact CustomerEndpoint",
	"connect UpdateContact QueueInfo",
	"connect UpdateContact SystemEndpoint",
	"connect UpdateContact UserInfo",
}

// unused is why a member changes nothing.
type unused struct {
	why  string
	kept bool // it is read and kept, but nothing acts on it
}

// withoutEffect are the members of requests that change nothing.
var withoutEffect = map[string]unused{
	"connect CreatePushNotificationRegistration ClientToken":         {why: "the same device of the same chat keeps its registration"},
	"connect DisassociateInstanceStorageConfig ClientToken":          {why: "a repeated request finds the association gone"},
	"connect UpdateInstanceStorageConfig ClientToken":                {why: "the same configuration again changes nothing"},
	"connect CreateSecurityProfile AllowedAIAgents":                  {why: "no AI agent takes part in a chat", kept: true},
	"connect DeleteInstance ClientToken":                             {why: "a repeated request finds the instance gone"},
	"connect DisassociateApprovedOrigin ClientToken":                 {why: "a repeated request finds the association gone"},
	"connect DisassociateBot ClientToken":                            {why: "a repeated request finds the association gone"},
	"connect DisassociateLambdaFunction ClientToken":                 {why: "a repeated request finds the association gone"},
	"connect ReleasePhoneNumber ClientToken":                         {why: "a repeated request finds the number released"},
	"connect DisassociateLexBot ClientToken":                         {why: "a repeated request finds the association gone"},
	"connect DisassociateSecurityKey ClientToken":                    {why: "a repeated request finds the association gone"},
	"connect StartChatContact ParticipantConfiguration.ResponseMode": {why: "every message is sent whole", kept: true},
	"connect UpdateInstanceAttribute ClientToken":                    {why: "the same value again changes nothing"},
	"connect UpdateParticipantAuthentication ErrorDescription":       {why: "Error alone decides which branch the flow takes"},
	"connect UpdatePhoneNumber ClientToken":                          {why: "a repeated request finds the number where it should be"},
	"connect UpdatePhoneNumberMetadata ClientToken":                  {why: "a repeated request changes nothing more"},
	"connect UpdateSecurityProfile AllowedAIAgents":                  {why: "no AI agent takes part in a chat", kept: true},
	"participant DisconnectParticipant ClientToken":                  {why: "a repeated request finds the participant gone"},
	"participant SendEvent ClientToken":                              {why: "clients send every receipt with the same one"},

	// Criteria that no contact meets, and what only references of the service have.
	"connect SearchContacts SearchCriteria.AiAgents.Criteria.AiAgentEscalated":                  {why: "no AI agent of Amazon Connect takes part in a chat, so a criterion finds none"},
	"connect SearchContacts SearchCriteria.AiAgents.Criteria.AiUseCase":                         {why: "no AI agent of Amazon Connect takes part in a chat, so a criterion finds none"},
	"connect SearchContacts SearchCriteria.AiAgents.Criteria.Id":                                {why: "no AI agent of Amazon Connect takes part in a chat, so a criterion finds none"},
	"connect SearchContacts SearchCriteria.AiAgents.Criteria.VersionNumber":                     {why: "no AI agent of Amazon Connect takes part in a chat, so a criterion finds none"},
	"connect SearchContacts SearchCriteria.ContactAnalysis.Transcript.Criteria.MatchType":       {why: "no contact is analysed, so a criterion finds none"},
	"connect SearchContacts SearchCriteria.ContactAnalysis.Transcript.Criteria.ParticipantRole": {why: "no contact is analysed, so a criterion finds none"},
	"connect SearchContacts SearchCriteria.ContactAnalysis.Transcript.Criteria.SearchText":      {why: "no contact is analysed, so a criterion finds none"},
	"connect SearchContacts SearchCriteria.ContactAnalysis.Transcript.MatchType":                {why: "no contact is analysed, so a criterion finds none"},
	"connect UpdateContact References.Arn":                                                      {why: "only references that the service makes have it"},
	"connect UpdateContact References.Status":                                                   {why: "only references that the service makes have it"},
	"connect UpdateContact References.StatusReason":                                             {why: "only references that the service makes have it"},
}
