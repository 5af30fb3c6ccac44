package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// bundleTypes are the types of a Bundle (R4, value set bundle-type).
var bundleTypes = []string{"collection", "transaction", "batch", "document", "message", "searchset", "history", "transaction-response", "batch-response"}

// isRequested says whether the entries of a Bundle of that type ask for something (R4, invariant bdl-3).
func isRequested(kind string) bool { return kind == "transaction" || kind == "batch" }

// bundle checks what the type of the Bundle asks of its entries.
func (k *checker) bundle() {
	t := k.c.file.Target
	if t.Kind != FHIR || t.Root != "Bundle" {
		return
	}
	kind, line, id := t.Bundle, t.Line, ""
	for _, b := range k.e.all {
		for i := range b.src.Rules {
			if r := &b.src.Rules[i]; b.src.Make == "Bundle" && r.To == "type" && r.Value != "" && r.Status != OutOfScope {
				kind, line, id = r.Value, r.Line, r.ID
			}
		}
	}
	switch {
	case kind == "":
	case !slices.Contains(bundleTypes, kind):
		k.add(CodeBundle, Warn, line, id, fmt.Sprintf("FHIR has no Bundle of type %q; it has %s", shorten(kind), strings.Join(bundleTypes, ", ")))
	case kind == "history" || strings.HasSuffix(kind, "-response"):
		k.add(CodeBundle, Warn, line, id, fmt.Sprintf("the entries of a Bundle of type %s tell what a server did, and no rule can write that; for resources that a server is to store write transaction", kind))
	case kind == "batch" && len(k.c.references) > 0:
		k.add(CodeBundle, Warn, line, id, "the entries of a batch cannot refer to each other, and rules make them do so; write transaction")
	}
}
