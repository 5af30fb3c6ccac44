package endpoints

import "trestle/internal/workspace"

// Kind is what an endpoint is.
type Kind uint8

// The kinds.
const (
	Listener   Kind = iota // answers HL7 v2 over MLLP
	Sender                 // sends HL7 v2 over MLLP
	FHIRServer             // answers FHIR over HTTP
	RESTClient             // sends FHIR requests, as a console
)

// Listens says whether the endpoint waits for others and answers by rules.
func (k Kind) Listens() bool { return k == Listener || k == FHIRServer }

// FHIR says whether it speaks FHIR over HTTP rather than HL7 v2 over MLLP.
func (k Kind) FHIR() bool { return k == FHIRServer || k == RESTClient }

// String names the kind as people do.
func (k Kind) String() string {
	return [...]string{"listener", "sender", "FHIR server", "REST console"}[k]
}

// An endpoint is a document of a kind of its own; the rules of one that listens are another with the same name.
const (
	documentSender workspace.DocumentKind = "sender"
	documentFHIR   workspace.DocumentKind = "fhir"
	documentREST   workspace.DocumentKind = "rest"
)

// documentKinds are those of the kinds of endpoints, in the order in which these are listed.
var documentKinds = [...]workspace.DocumentKind{Listener: workspace.DocumentEndpoint, Sender: documentSender, FHIRServer: documentFHIR, RESTClient: documentREST}
