package twodoors

import (
	"slices"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// Event is the type and the trigger event of a message, as ADT and A08. The zero Event is none.
type Event struct{ Type, Trigger string }

// shared are the types of resources whose changes can be sent.
var shared = []string{"Patient", "Encounter", "Coverage", "Appointment", "ChargeItem"}

// EventOf says which event the change of a resource is; before is the version that it replaced, nil if there was none.
func EventOf(before, after *fhirstore.Version) Event {
	created := before == nil || before.Deleted()
	was, is := before.Tree().Member("status").String(), after.Tree().Member("status").String()
	switch after.Type {
	case "Patient":
		switch {
		case after.Deleted():
			return Event{"ADT", "A29"}
		case created:
			return Event{"ADT", "A28"}
		}
		return Event{"ADT", "A31"}
	case "Encounter":
		return Event{"ADT", visitTrigger(after, created, was, is)}
	case "Coverage":
		return Event{"ADT", "A08"}
	case "Appointment":
		switch {
		case after.Deleted():
			return Event{"SIU", "S17"}
		case is == "cancelled" && was != is:
			return Event{"SIU", "S15"}
		case is == "noshow" && was != is:
			return Event{"SIU", "S26"}
		case created:
			return Event{"SIU", "S12"}
		case before.Tree().Member("start").String() != after.Tree().Member("start").String():
			return Event{"SIU", "S13"}
		}
		return Event{"SIU", "S14"}
	case "ChargeItem":
		if !after.Deleted() && is == "billable" && was != is {
			return Event{"DFT", "P03"}
		}
	}
	return Event{}
}

// visitTrigger is the trigger event of a visit that changed: admitted, registered, discharged, cancelled, else updated.
func visitTrigger(after *fhirstore.Version, created bool, was, is string) string {
	begins := created || was == "planned" && is != was
	switch {
	case after.Deleted(), is == "cancelled" && was != is, is == "entered-in-error" && was != is:
		return "A11"
	case is == "planned" && created:
		return "A05"
	case is == "finished" && !created && was != is:
		return "A03"
	case begins && slices.Contains([]string{"IMP", "ACUTE", "NONAC"}, after.Tree().Find("class", "code").String()):
		return "A01"
	case begins:
		return "A04"
	}
	return "A08"
}

// patientOf is the id of the patient that a resource is about, "" if it says none.
func patientOf(n *fhir.Node) string {
	for _, name := range []string{"subject", "beneficiary", "patient"} {
		if typ, id := fhirstore.SplitReference(n.Find(name, "reference").String()); typ == "Patient" {
			return id
		}
	}
	for r := range n.All("participant", "actor", "reference") {
		if typ, id := fhirstore.SplitReference(r.Text); typ == "Patient" {
			return id
		}
	}
	return ""
}
