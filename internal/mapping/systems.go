package mapping

import "strings"

// systemURIs are the URIs of code systems by their names in table 0396, as HL7's v2-to-FHIR guide and HL7 Terminology give
// them.
var systemURIs = map[string]string{
	"LN": "http://loinc.org", "SCT": "http://snomed.info/sct", "SCT2": "http://snomed.info/sct", "SNM": "http://snomed.info/sct", "SNM3": "http://snomed.info/sct",
	"I9": "http://hl7.org/fhir/sid/icd-9-cm", "I9C": "http://hl7.org/fhir/sid/icd-9-cm", "I9CDX": "http://hl7.org/fhir/sid/icd-9-cm", "I9CP": "http://hl7.org/fhir/sid/icd-9-cm",
	"I10": "http://hl7.org/fhir/sid/icd-10-cm", "I10C": "http://hl7.org/fhir/sid/icd-10-cm", "I10P": "http://www.cms.gov/Medicare/Coding/ICD10",
	"CVX": "http://hl7.org/fhir/sid/cvx", "MVX": "http://hl7.org/fhir/sid/mvx", "NDC": "http://hl7.org/fhir/sid/ndc",
	"C4": "http://www.ama-assn.org/go/cpt", "CPTM": "http://www.ama-assn.org/go/cpt", "HCPCS": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
	"RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm", "UCUM": "http://unitsofmeasure.org", "UNII": "http://fdasis.nlm.nih.gov",
	"CDCREC": "urn:oid:2.16.840.1.113883.6.238", "PHINVADS": "https://phinvads.cdc.gov", "NUCC": "http://nucc.org/provider-taxonomy", "CDT": "http://www.ada.org/cdt", "CDT2": "http://www.ada.org/cdt",
	"ICD10AM": "http://hl7.org/fhir/sid/icd-10-am", "ICDO3": "http://terminology.hl7.org/CodeSystem/icd-o-3", "BCP47": "urn:ietf:bcp:47",
}

// systemURI gives the URI of a code system. It is "" for a system of the sender's own (L, 99ABC), of which no URI is known.
func systemURI(name string) string {
	name = strings.TrimSpace(name)
	if uri, ok := systemURIs[name]; ok {
		return uri
	}
	if len(name) == 7 && strings.HasPrefix(name, "HL7") && allDigits(name[3:]) {
		return "http://terminology.hl7.org/CodeSystem/v2-" + name[3:]
	}
	if len(name) > 4 && (strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "urn:")) {
		return name
	}
	if isOID(name) {
		return "urn:oid:" + name
	}
	return ""
}

func isOID(s string) bool {
	if len(s) < 5 || s[0] < '0' || s[0] > '2' || s[1] != '.' {
		return false
	}
	for i := range len(s) {
		if s[i] != '.' && (s[i] < '0' || s[i] > '9') || s[i] == '.' && (i+1 == len(s) || s[i+1] == '.') {
			return false
		}
	}
	return true
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch b := s[i] | 0x20; i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if (b < 'a' || b > 'f') && (s[i] < '0' || s[i] > '9') {
				return false
			}
		}
	}
	return true
}

// identifierURI writes an OID or UUID as a URI, leaves a URI and gives nothing for anything else.
func identifierURI(s string) string {
	s = strings.TrimSpace(s)
	switch {
	case isOID(s):
		return "urn:oid:" + s
	case isUUID(s):
		return "urn:uuid:" + strings.ToLower(s)
	case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"), strings.HasPrefix(s, "urn:"):
		return s
	}
	return ""
}
