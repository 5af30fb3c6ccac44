package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// dataOf is the kind of data that a thing of the target belongs to, in the words of a project's scope.
var dataOf = map[string]string{
	"Patient": "demographics", "Person": "demographics", "RelatedPerson": "demographics", "PID": "demographics", "PD1": "demographics", "NK1": "demographics", "MRG": "demographics",
	"Coverage": "insurance", "Account": "insurance", "InsurancePlan": "insurance", "IN1": "insurance", "IN2": "insurance", "IN3": "insurance", "GT1": "insurance",
	"Appointment": "appointments", "AppointmentResponse": "appointments", "Schedule": "appointments", "Slot": "appointments", "SCH": "appointments", "AIS": "appointments", "AIG": "appointments", "AIL": "appointments", "AIP": "appointments", "RGS": "appointments",
	"ServiceRequest": "orders", "MedicationRequest": "orders", "ORC": "orders", "RXO": "orders", "RXE": "orders", "TQ1": "orders",
	"DiagnosticReport": "results", "Observation": "results", "Specimen": "results", "OBX": "results", "SPM": "results",
	"ChargeItem": "charges", "Claim": "charges", "FT1": "charges", "DocumentReference": "documents", "Media": "documents", "Binary": "documents", "TXA": "documents",
}

// messageData is the kind of data that the segments of an order or a result belong to, by the message that they stand in.
var messageData = map[string]string{"ORM": "orders", "OML": "orders", "OMG": "orders", "OMI": "orders", "OMP": "orders", "RDE": "orders", "ORU": "results", "OUL": "results", "MDM": "documents"}

// dataKind is the kind of data that a block writes, "" if it is of none that a scope decides on.
func (k *checker) dataKind(b *block) string {
	if b.src.Data != "" {
		return b.src.Data
	}
	if k.c.file.Target.Kind == HL7v2 && slices.Contains([]string{"ORC", "OBR", "OBX", "TQ1", "SPM"}, b.src.Make) && len(k.c.file.Target.Message) >= 3 {
		if data := messageData[k.c.file.Target.Message[:3]]; data != "" {
			return data
		}
	}
	return dataOf[b.src.Make]
}

// carried says whether the block writes what only says whom a message is about: PID in a message that is none of ADT.
func (k *checker) carried(b *block) bool {
	t := k.c.file.Target
	return t.Kind == HL7v2 && b.src.Make == "PID" && t.Message != "" && !strings.HasPrefix(t.Message, "ADT")
}

// owner compares what a block writes with the scope of the project.
func (k *checker) owner(b *block) {
	if k.scope == nil || b.src.Make == "" && b.src.Data == "" {
		return
	}
	data := k.dataKind(b)
	if data == "" {
		if kind := k.c.file.Target.Kind; kind != HL7v2 && kind != FHIR && len(b.src.Rules) > 0 {
			k.add(CodeNoData, Information, b.src.Line, b.src.ID, "the block does not say what kind of data it writes, so that the project's scope cannot be checked; add for example data: \"demographics\"")
		}
		return
	}
	way := k.c.file.Direction
	if way == "" {
		if !slices.ContainsFunc(k.findings, func(f Finding) bool { return f.Code == CodeNoDirection }) {
			k.add(CodeNoDirection, Information, 0, "", `the mapping does not say which way its data goes, so that the project's scope cannot be checked; add direction: "in" or "out"`)
		}
		return
	}
	for _, f := range k.scope {
		if f.Data != data {
			continue
		}
		severity, reason := Warn, "by the project's scope "+wayText(f.Direction)
		switch allowed := f.Direction == string(way) || f.Direction == "both"; {
		case allowed && f.Ours == (way == Out): // the owner sends
			continue
		case allowed:
			severity, reason = Information, "the project's scope lets them go this way; agree on who may overwrite what"
		case k.carried(b):
			severity, reason = Information, reason+"; here they say whom the message is about, and must not be taken as an update"
		}
		k.add(CodeScope, severity, b.src.Line, b.src.ID, fmt.Sprintf("writes %s, of which %s is the system of record: %s%s", data, sideName(f.Ours), reason, ruleList(b)))
	}
}

// ruleList names the rules of a block.
func ruleList(b *block) string {
	ids := make([]string, 0, len(b.src.Rules))
	for i := range b.src.Rules {
		if b.src.Rules[i].Status != OutOfScope {
			ids = append(ids, b.src.Rules[i].ID)
		}
	}
	switch {
	case len(ids) == 0:
		return ""
	case len(ids) > 8:
		return fmt.Sprintf(" (%d rules, %s to %s)", len(ids), ids[0], ids[len(ids)-1])
	}
	return " (rules " + strings.Join(ids, ", ") + ")"
}

func sideName(ours bool) string {
	if ours {
		return "our system"
	}
	return "the partner's system"
}

func wayText(direction string) string {
	switch direction {
	case "in":
		return "they come from the partner only"
	case "out":
		return "they go to the partner only"
	}
	return "they are not exchanged"
}
