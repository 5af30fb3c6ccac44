package fhirserver

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/fhir"
)

// patcher changes a resource; it may change the tree that it is given.
type patcher func(n *fhir.Node) (*fhir.Node, error)

// readPatch reads the body of a PATCH: JSON Patch, or FHIRPath Patch as Parameters.
func (s *Server) readPatch(r *request) (patcher, error) {
	kind, body, n := mediaType(r.header.Get("Content-Type")), r.body, r.tree
	if n.ResourceType() == "Binary" { // JSON Patch in a batch or transaction
		kind = mediaType(n.Member("contentType").String())
		raw, err := base64.StdEncoding.DecodeString(n.Member("data").String())
		if err != nil {
			return nil, fail(400, "the data of the Binary is no base64")
		}
		body, n = raw, nil
	}
	if n == nil && kind == "application/json-patch+json" {
		if p := s.c.Personality; p != nil && len(p.PatchFormats) > 0 && !slices.Contains(p.PatchFormats, kind) {
			return nil, fail(415, "this server does not take JSON Patch")
		}
		ops, err := fhir.ParseJSON(body)
		if err != nil {
			return nil, err
		}
		if ops.Kind != fhir.Array {
			return nil, fail(400, "a JSON Patch is a list of operations")
		}
		return func(n *fhir.Node) (*fhir.Node, error) { return jsonPatch(n, ops.Children) }, nil
	}
	if n == nil && !slices.Contains(jsonTypes, kind) && !slices.Contains(xmlTypes, kind) {
		return nil, fail(415, "a patch is application/json-patch+json, or Parameters of FHIRPath Patch as %s", typeJSON)
	}
	if n == nil {
		var err error
		if n, err = s.readTree(r); err != nil {
			return nil, err
		}
	}
	if n.ResourceType() != "Parameters" {
		return nil, fail(400, "a patch in FHIR's own form is a Parameters resource (FHIRPath Patch)")
	}
	return func(target *fhir.Node) (*fhir.Node, error) { return s.fhirPathPatch(r.ctx, target, n) }, nil
}

// jsonPatch applies RFC 6902. Where a test fails nothing is changed, because the caller keeps nothing.
func jsonPatch(root *fhir.Node, ops []*fhir.Node) (*fhir.Node, error) {
	for i, op := range ops {
		var err error
		if root, err = patchOnce(root, op); err != nil {
			f := asFailure(err)
			f.issues[0].text = "operation " + strconv.Itoa(i) + " of the patch: " + f.issues[0].text
			return nil, f
		}
	}
	return root, nil
}

func patchOnce(root, op *fhir.Node) (*fhir.Node, error) {
	if op.Kind != fhir.Object {
		return nil, fail(400, "it is no object")
	}
	path, err := pointer(op.Member("path"))
	if err != nil {
		return nil, err
	}
	value := op.Member("value")
	name := op.Member("op").String()
	switch name {
	case "add", "replace", "test":
		if value == nil {
			return nil, fail(400, "it needs a value")
		}
	case "move", "copy":
		from, err := pointer(op.Member("from"))
		if err != nil {
			return nil, err
		}
		if value = lookup(root, from); value == nil {
			return nil, fail(422, "there is nothing at from")
		}
		if name == "move" {
			if len(path) > len(from) && slices.Equal(path[:len(from)], from) {
				return nil, fail(422, "a value cannot be moved into itself")
			}
			if root, err = set(root, from, nil, "remove"); err != nil {
				return nil, err
			}
		}
		name = "add"
	case "remove":
	default:
		return nil, fail(400, "its op must be add, remove, replace, move, copy or test")
	}
	if name == "test" {
		if at := lookup(root, path); at == nil || !sameValue(at, value) {
			return nil, fail(422, "the test does not hold")
		}
		return root, nil
	}
	return set(root, path, value, name)
}

// pointer reads a JSON Pointer (RFC 6901).
func pointer(n *fhir.Node) ([]string, error) {
	if n == nil || n.Kind != fhir.String {
		return nil, fail(400, "it needs a path")
	}
	if n.Text == "" {
		return nil, nil
	}
	if n.Text[0] != '/' {
		return nil, fail(400, "its path must begin with /")
	}
	parts := strings.Split(n.Text[1:], "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts, nil
}

func lookup(n *fhir.Node, path []string) *fhir.Node {
	for _, p := range path {
		if n == nil {
			return nil
		}
		switch n.Kind {
		case fhir.Object:
			n = n.Member(p)
		case fhir.Array:
			i, ok := position(p, len(n.Children)-1)
			if !ok {
				return nil
			}
			n = n.Children[i]
		default:
			return nil
		}
	}
	return n
}

// position reads an index of up to most.
func position(text string, most int) (int, bool) {
	i, err := strconv.Atoi(text)
	return i, err == nil && i >= 0 && i <= most && (text == "0" || text[0] != '0' && text[0] != '+')
}

func set(root *fhir.Node, path []string, value *fhir.Node, op string) (*fhir.Node, error) {
	if len(path) == 0 {
		if op == "remove" {
			return nil, fail(422, "the whole resource cannot be removed by a patch")
		}
		return value.Clone().Named(""), nil
	}
	parent, last := lookup(root, path[:len(path)-1]), path[len(path)-1]
	if parent == nil {
		return nil, fail(422, "its path leads nowhere")
	}
	switch parent.Kind {
	case fhir.Object:
		if op != "add" && parent.Member(last) == nil {
			return nil, fail(422, "its path leads nowhere")
		}
		if op == "remove" {
			parent.Remove(last)
		} else {
			parent.Set(value.Clone().Named(last))
		}
		return root, nil
	case fhir.Array:
		most := len(parent.Children) - 1
		if op == "add" {
			most++
			if last == "-" {
				last = strconv.Itoa(most)
			}
		}
		i, ok := position(last, most)
		switch {
		case !ok:
			return nil, fail(422, "its path names no place of the list")
		case op == "add":
			parent.Children = slices.Insert(slices.Clone(parent.Children), i, value.Clone().Named(""))
		case op == "replace":
			parent.Children[i] = value.Clone().Named("")
		default:
			parent.Children = slices.Delete(slices.Clone(parent.Children), i, i+1)
		}
		dropEmpty(root, parent)
		return root, nil
	}
	return nil, fail(422, "its path leads through a value that is no object and no list")
}

// dropEmpty takes a list out that has nothing left: FHIR has no empty lists.
func dropEmpty(root, list *fhir.Node) {
	if len(list.Children) > 0 {
		return
	}
	if parent := parentOf(root, list); parent != nil && parent.Kind == fhir.Object {
		parent.Remove(list.Name)
	}
}

// parentOf finds what holds a node, nil if it is the root or not below it.
func parentOf(root, n *fhir.Node) *fhir.Node {
	for _, c := range root.Children {
		if c == n {
			return root
		}
		if found := parentOf(c, n); found != nil {
			return found
		}
	}
	return nil
}

// sameValue compares as JSON does: the order of members says nothing.
func sameValue(a, b *fhir.Node) bool {
	if a.Kind != b.Kind || len(a.Children) != len(b.Children) {
		return false
	}
	switch a.Kind {
	case fhir.Object:
		for _, c := range a.Children {
			if o := b.Member(c.Name); o == nil || !sameValue(c, o) {
				return false
			}
		}
		return true
	case fhir.Array:
		for i, c := range a.Children {
			if !sameValue(c, b.Children[i]) {
				return false
			}
		}
		return true
	case fhir.Number:
		x, errX := strconv.ParseFloat(a.Text, 64)
		y, errY := strconv.ParseFloat(b.Text, 64)
		return a.Text == b.Text || errX == nil && errY == nil && x == y
	}
	return a.Text == b.Text
}
