package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// operation is what the SDK's source says about an operation.
type operation struct {
	Name     string
	Members  []member
	Errors   []string // in the order of the source, which is alphabetical
	AutoFill bool     // the SDK fills an absent ClientToken
	Pages    *paging  // nil: the model knows no pages
}

// paging is how to come from one page to the next, and what is on them.
type paging struct {
	Items, ItemType string // "" when a page is not one list
}

// member is a field of an input.
type member struct {
	Name     string // as the API says: InstanceId
	Type     string // as Go says: *string, []types.ReferenceType
	Required bool
	Kind     kind
	Element  string // of a pointer, list or map: the type it leads to
}

// kind is how a member is set.
type kind int

const (
	pointer    kind = iota // to a scalar or a structure; nil when absent
	plain                  // a scalar or enum; zero when absent
	union                  // an interface; nil when absent
	list                   // nil when absent
	dictionary             // from strings; nil when absent
)

// read reads the operations of a service from the SDK's source.
func read(folder string, s service) ([]operation, error) {
	interfaces, err := readInterfaces(filepath.Join(folder, "types", "types.go"))
	if err != nil {
		return nil, err
	}
	answers, err := os.ReadFile(filepath.Join(folder, "deserializers.go"))
	if err != nil {
		return nil, err
	}
	var operations []operation
	for i, name := range s.Operations {
		if i > 0 && s.Operations[i-1] >= name {
			return nil, fmt.Errorf("%s is listed after %s", name, s.Operations[i-1])
		}
		op, err := readOperation(folder, name, interfaces)
		if err != nil {
			return nil, err
		}
		op.Errors = declaredErrors(string(answers), name)
		operations = append(operations, op)
	}
	return operations, nil
}

// readInterfaces returns the names of a file's interface types: the API's unions.
func readInterfaces(file string) (map[string]bool, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, d := range typesIn(parsed) {
		if _, ok := d.Type.(*ast.InterfaceType); ok {
			names[d.Name.Name] = true
		}
	}
	return names, nil
}

func typesIn(file *ast.File) []*ast.TypeSpec {
	var specs []*ast.TypeSpec
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok {
			for _, s := range g.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					specs = append(specs, t)
				}
			}
		}
	}
	return specs
}

// readOperation reads the file of one operation.
func readOperation(folder, name string, interfaces map[string]bool) (operation, error) {
	op := operation{Name: name}
	file := filepath.Join(folder, "api_op_"+name+".go")
	text, err := os.ReadFile(file)
	if err != nil {
		return op, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return op, err
	}
	op.AutoFill = strings.Contains(string(text), "OperationIdempotencyTokenAutoFill")
	structures := map[string]*ast.StructType{}
	for _, t := range typesIn(parsed) {
		if s, ok := t.Type.(*ast.StructType); ok {
			structures[t.Name.Name] = s
		}
	}
	for _, f := range structures[name+"Input"].Fields.List {
		if len(f.Names) != 1 {
			continue // noSmithyDocumentSerde
		}
		m, err := readMember(f, interfaces)
		if err != nil {
			return op, fmt.Errorf("%s: %w", name, err)
		}
		if op.AutoFill && m.Name == "ClientToken" {
			m.Required = false // the SDK fills it in
		}
		op.Members = append(op.Members, m)
	}
	if structures[name+"Paginator"] != nil {
		op.Pages = readPaging(structures[name+"Output"])
	}
	return op, nil
}

func readMember(f *ast.Field, interfaces map[string]bool) (member, error) {
	m := member{Name: f.Names[0].Name, Type: types.ExprString(f.Type), Required: strings.Contains(f.Doc.Text(), "This member is required.")}
	switch t := f.Type.(type) {
	case *ast.StarExpr:
		m.Kind, m.Element = pointer, types.ExprString(t.X)
	case *ast.ArrayType:
		m.Kind, m.Element = list, types.ExprString(t.Elt)
	case *ast.MapType:
		m.Kind, m.Element = dictionary, types.ExprString(t.Value)
		if key := types.ExprString(t.Key); key != "string" {
			return m, fmt.Errorf("%s: a map from %s", m.Name, key)
		}
	case *ast.Ident:
		m.Kind = plain
	case *ast.SelectorExpr:
		m.Kind = plain
		if interfaces[t.Sel.Name] {
			m.Kind = union
		}
	default:
		return m, fmt.Errorf("%s: a type that no builder knows: %s", m.Name, m.Type)
	}
	return m, nil
}

// readPaging finds the one list of an output.
func readPaging(output *ast.StructType) *paging {
	var lists []*ast.Field
	for _, f := range output.Fields.List {
		if _, ok := f.Type.(*ast.ArrayType); ok {
			lists = append(lists, f)
		}
	}
	if len(lists) != 1 {
		return &paging{}
	}
	return &paging{Items: lists[0].Names[0].Name, ItemType: types.ExprString(lists[0].Type.(*ast.ArrayType).Elt)}
}

var errorCase = regexp.MustCompile(`EqualFold\("(\w+)", errorCode\)`)

// declaredErrors finds which errors the SDK knows an operation to answer with.
func declaredErrors(source, operation string) []string {
	_, body, found := strings.Cut(source, "func awsRestjson1_deserializeOpError"+operation+"(")
	if !found {
		return nil
	}
	body, _, _ = strings.Cut(body, "\nfunc ")
	var names []string
	for _, match := range errorCase.FindAllStringSubmatch(body, -1) {
		names = append(names, match[1])
	}
	return names
}
