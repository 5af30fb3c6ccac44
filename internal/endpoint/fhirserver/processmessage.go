package fhirserver

import (
	"slices"
	"strconv"

	"trestle/internal/fhir"
)

// processMessage answers $process-message (R4 MessageHeader-process-message): what the message carries is merged into the store, as a
// message that came by MLLP is, and the answer is a message that says so.
func (s *Server) processMessage(r *request) (*response, error) {
	if r.tx != nil {
		return nil, fail(400, "$process-message cannot be part of a transaction: send it by itself, or in a batch")
	}
	n, err := s.input(r, "content")
	if err != nil {
		return nil, err
	}
	if n == nil {
		if n, err = s.readTree(r); err != nil {
			return nil, err
		}
	}
	header := n.Find("entry", "resource")
	if n.ResourceType() != "Bundle" || n.Member("type").String() != "message" || header.ResourceType() != "MessageHeader" {
		return nil, fail(400, "$process-message needs a Bundle of type message whose first entry is a MessageHeader")
	}
	if err := s.check(r, n); err != nil {
		return nil, err
	}
	for i, e := range slices.Collect(n.All("entry", "resource")) {
		if typ := e.ResourceType(); i > 0 {
			if err := r.access.allows(typ, "update"); err != nil {
				return nil, err
			}
		}
	}
	changes, err := s.store.Merge(r.ctx, n, "")
	if err != nil {
		return nil, err
	}
	answer := fhir.NewObject(text("resourceType", "MessageHeader"), text("id", "answer-"+strconv.FormatInt(s.answers.Add(1), 10)))
	for _, m := range header.Children {
		if m.Name == "eventCoding" || m.Name == "eventUri" {
			answer.Children = append(answer.Children, m)
		}
	}
	source := fhir.NewObject(text("name", s.c.Name), text("endpoint", r.base+"/$process-message")).Named("source")
	about := fhir.NewObject(text("identifier", header.Member("id").String()), text("code", "ok")).Named("response")
	answer.Children = append(answer.Children, source, about)
	if focus := fhir.NewArray().Named("focus"); len(changes) > 0 {
		for _, v := range changes {
			focus.Children = append(focus.Children, fhir.NewObject(text("reference", v.Reference())))
		}
		answer.Children = append(answer.Children, focus)
	}
	entry := fhir.NewObject(text("fullUrl", r.base+"/MessageHeader/"+answer.Member("id").String()), answer.Named("resource"))
	return &response{status: 200, tree: fhir.NewObject(text("resourceType", "Bundle"), text("type", "message"), text("timestamp", instant(s.now())), fhir.NewArray(entry).Named("entry"))}, nil
}
