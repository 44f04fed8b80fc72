package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// prune takes the service's model from botocore's data folder and keeps what generation needs: the served operations
// whole, the shapes they reach, and the name and route of every other operation. Descriptions stay behind.
func (s service) prune(botocore string) (map[string][]byte, error) {
	folder := filepath.Join(botocore, filepath.FromSlash(s.Model))
	full, err := readGzip(filepath.Join(folder, "service-2.json.gz"))
	if err != nil {
		return nil, err
	}
	m, err := parseModel(full)
	if err != nil {
		return nil, err
	}
	pages, err := os.ReadFile(filepath.Join(folder, "paginators-1.json"))
	if err != nil {
		return nil, err
	}
	if err := s.keepServed(m, pages); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(m); err != nil {
		return nil, err
	}
	return map[string][]byte{s.modelFile(): text.Bytes()}, nil
}

func readGzip(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (s service) keepServed(m *model, pages []byte) error {
	served, err := s.servedOperations(m)
	if err != nil {
		return err
	}
	var paginators struct {
		Pagination map[string]json.RawMessage `json:"pagination"`
	}
	if err := json.Unmarshal(pages, &paginators); err != nil {
		return err
	}
	m.Documentation = ""
	var roots []string
	for _, name := range m.Operations.names {
		op := m.Operations.byName[name]
		op.Documentation = ""
		if !slices.Contains(s.Operations, name) {
			op.Input, op.Output, op.Errors, op.Idempotent, op.ReadOnly = nil, nil, nil, false, false
			continue
		}
		if _, yes := paginators.Pagination[name]; yes {
			m.Paginated = append(m.Paginated, name)
		}
	}
	for _, op := range served {
		roots = append(roots, op.roots()...)
	}
	reached, err := m.closure(roots)
	if err != nil {
		return err
	}
	m.Shapes.names = slices.DeleteFunc(m.Shapes.names, func(name string) bool { return reached[name] == nil })
	for _, sh := range reached {
		sh.Documentation = ""
		for _, r := range sh.refs() {
			r.Documentation = ""
		}
	}
	return nil
}

// roots are the shapes that the operation names itself.
func (op *operation) roots() []string {
	var names []string
	for _, r := range []*ref{op.Input, op.Output} {
		if r != nil {
			names = append(names, r.Shape)
		}
	}
	for _, e := range op.Errors {
		names = append(names, e.Shape)
	}
	return names
}

// servedOperations are the listed operations in the list's order. A list that names an operation twice, or one that
// the model does not have, is a mistake to mend; so are two operations on one route.
func (s service) servedOperations(m *model) ([]*operation, error) {
	var served []*operation
	for i, name := range s.Operations {
		op := m.Operations.byName[name]
		if op == nil {
			return nil, fmt.Errorf("operation %s is not in the model", name)
		}
		if slices.Contains(s.Operations[:i], name) {
			return nil, fmt.Errorf("operation %s is listed twice", name)
		}
		served = append(served, op)
	}
	routes := map[string]string{}
	for _, name := range m.Operations.names {
		route := m.Operations.byName[name].route()
		if other := routes[route]; other != "" {
			return nil, fmt.Errorf("operations %s and %s share the route %s", other, name, route)
		}
		routes[route] = name
	}
	return served, nil
}

// route is the method and path with the arguments' names left out.
func (op *operation) route() string {
	return op.HTTP.Method + " " + pathArgument.ReplaceAllString(op.HTTP.URI, "{}")
}
