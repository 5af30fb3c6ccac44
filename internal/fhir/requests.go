package fhir

import (
	"net/url"
	"slices"
	"strings"
)

// AddRequests gives every entry of a Bundle that has none its request, as a transaction or a batch needs it (R4, section 3.1.0.11): the
// resource that has the first identifier is updated, wherever the server has it (a conditional update, R4, section 3.1.0.4.3), else the
// one with its id; what has no id is created. The id of what is updated by an identifier is taken out, since a server refuses
// one that is not its own; for that its fullUrl must be the id as a URN, so that nobody refers to it by Type/id.
//
// An identifier is used only if it has a system and a value and no other entry of the type has it. A social security number never is: it
// is given wrongly too often, and servers write addresses into their logs.
func AddRequests(bundle *Node) {
	had := map[string]int{} // how many entries of a type have an identifier, by the address
	for e := range bundle.All("entry") {
		var own []string
		for i := range e.Find("resource").All("identifier") {
			if at := identifierAddress(e.Find("resource").ResourceType(), i); at != "" && !slices.Contains(own, at) {
				own = append(own, at)
				had[at]++
			}
		}
	}
	for e := range bundle.All("entry") {
		n := e.Member("resource")
		typ := n.ResourceType()
		if typ == "" || e.Member("request") != nil {
			continue
		}
		id := n.Member("id").String()
		method, at := "PUT", identifierAddress(typ, firstIdentifier(n))
		switch {
		case had[at] == 1 && strings.HasPrefix(e.Member("fullUrl").String(), "urn:uuid:") && (id == "" || e.Member("fullUrl").String() == "urn:uuid:"+id):
			n.Remove("id")
		case id != "":
			at = typ + "/" + id
		default:
			method, at = "POST", typ
		}
		e.Set(NewObject(NewString(method).Named("method"), NewString(at).Named("url")).Named("request"))
	}
}

// AsTransaction makes a transaction of a Bundle of type collection, as AddRequests does it. It is false, and nothing is changed, for any
// other, and where an entry has no resource that could be stored.
func AsTransaction(bundle *Node) bool {
	if bundle.ResourceType() != "Bundle" || bundle.Member("type").String() != "collection" || bundle.Find("entry") == nil {
		return false
	}
	for e := range bundle.All("entry") {
		if e.Member("resource").ResourceType() == "" {
			return false
		}
	}
	bundle.Set(NewString("transaction").Named("type"))
	AddRequests(bundle)
	return true
}

// firstIdentifier is the first that is not of the past, nil if there is none.
func firstIdentifier(n *Node) *Node {
	for i := range n.All("identifier") {
		if i.Member("use").String() != "old" {
			return i
		}
	}
	return nil
}

// identifierSearch escapes what a token parameter gives a meaning (R4, section 3.1.1.4.0).
var identifierSearch = strings.NewReplacer(`\`, `\\`, `|`, `\|`, `,`, `\,`, `$`, `\$`)

// addressSigns are signs that may stand in a query as they are, and that people want to read.
var addressSigns = strings.NewReplacer("+", "%20", "%3A", ":", "%2F", "/")

// identifierAddress is where the resource of a type with an identifier is found; "" if the identifier does not suffice for that.
func identifierAddress(typ string, i *Node) string {
	system, value := i.Member("system").String(), i.Member("value").String()
	if system == "" || value == "" || system == "http://hl7.org/fhir/sid/us-ssn" || system == "urn:oid:2.16.840.1.113883.4.1" || isSSN(i) {
		return ""
	}
	return typ + "?identifier=" + addressSigns.Replace(url.QueryEscape(identifierSearch.Replace(system)+"|"+identifierSearch.Replace(value)))
}

// isSSN says whether the type of an identifier is that of a social security number (table 0203).
func isSSN(i *Node) bool {
	for code := range i.All("type", "coding", "code") {
		if code.Text == "SS" {
			return true
		}
	}
	return false
}
