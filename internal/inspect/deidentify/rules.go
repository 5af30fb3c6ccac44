package deidentify

import (
	_ "embed"
	"regexp"
	"strings"
)

// what says what a leaf of a message is.
type what uint8

const (
	blank    what = iota // taken away
	code                 // kept if it looks like a code
	coded                // the text of a coded value: kept where the code is there too
	token                // an identifier
	family               // names
	given                //
	affix                // JR, MD, DR: kept if it is one of the usual ones
	check                // the check digit of the identifier beside it
	ssn                  //
	date                 //
	street               //
	city                 //
	state                //
	postal               // ZIP code
	phone                //
	email                //
	area                 // area code
	local                // local number
	site                 // an application, a facility, an assigning authority
	spot                 // a ward, room or bed
	company              // an employer or another organisation
	quantity             // a number
	text                 // free text
	edition              // of a system of codes
)

// parts says what the components of the composite data types are, from component 1. What a version adds behind is taken
// away. Subcomponents are what their component is, but those of entity.
var parts = map[string][]what{
	"CX":  {token, check, code, site, code, site, date, date, coded, coded},
	"CK":  {token, check, code, site},
	"EI":  {token, site, site, code},
	"EIP": {token, token},
	"XPN": {family, given, given, affix, affix, affix, code, code, blank, date, code, date, date},
	"PN":  {family, given, given, affix, affix, affix},
	"XCN": {token, family, given, given, affix, affix, affix, code, site, code, check, code, code, site, code, blank, date, code, date, date, affix},
	"CN":  {token, family, given, given, affix, affix, affix, code, site},
	"PPN": {token, family, given, given, affix, affix, affix, code, site, code, check, code, code, site, date, code, blank, date, code, date, date},
	"CNN": {token, family, given, given, affix, affix, affix, code, site},
	"NDL": {token, date, date, spot, spot, spot, site, code, code, spot, spot},
	"XAD": {street, blank, city, state, postal, state, code, blank, blank, blank, code, date, date, date},
	"AD":  {street, blank, city, state, postal, state, code, blank},
	"XTN": {phone, code, code, email, code, area, local, blank, blank, blank, blank, phone, date, date, code, code, code, quantity},
	"TN":  {phone},
	"XON": {company, code, token, check, code, site, code, site, code, token},
	"PL":  {spot, spot, spot, site, code, code, spot, spot, blank, spot, site},
	"LA1": {spot, spot, spot, site, code, code},
	"LA2": {spot, spot, spot, site, code, code},
	"DLN": {token, state, date},
	"DLD": {code, date},
	"DR":  {date, date},
	"TS":  {date, code},
	"AUI": {token, date, blank},
	"HD":  {site, site, code},
	"CE":  {code, coded, code, code, coded, code},
	"CWE": {code, coded, code, code, coded, code, edition, edition, blank, code, coded, code, code, code, code, code, code, code, code, code, code, code},
	"CNE": {code, coded, code, code, coded, code, edition, edition, blank},
	"CF":  {code, blank, code, code, blank, code},
	"MSG": {code, code, code},
	"PT":  {code, code},
	"VID": {code, coded, coded},
	"SN":  {code, quantity, code, quantity},
	"TQ":  {quantity, code, code, date, date, code, code, blank, code, blank, code, quantity},
	"MO":  {quantity, code},
	"CP":  {quantity, code, quantity, quantity, coded, code},
	"CQ":  {quantity, coded},
	"FC":  {code, date},
	"RI":  {code, blank},
	"PTA": {code, code, quantity}, "UVC": {code, quantity}, "DDI": {quantity, quantity, quantity}, "JCC": {code, code},
	"ID": {code}, "IS": {code}, "SI": {quantity}, "NM": {quantity},
	"DT": {date}, "DTM": {date}, "DTS": {date}, "TM": {date},
}

// entity are the parts of an identifier inside another one (EIP): the identifier, and who gave it.
var entity = []what{token, site, site, code}

// rule is what the Safe Harbor map says of a field.
type rule string

const (
	ruleName     rule = "name"
	ruleStaff    rule = "staff"
	ruleDrop     rule = "drop"
	ruleAddress  rule = "address"
	ruleLocation rule = "location"
	ruleDate     rule = "date"
	ruleContact  rule = "contact"
	ruleSSN      rule = "ssn"
	ruleToken    rule = "token"
	ruleText     rule = "text"
)

//go:embed fields.txt
var fieldsText string

// fields is the map: rules by place, such as "PID-3".
var fields = func() map[string]rule {
	m := map[string]rule{}
	for line := range strings.Lines(fieldsText) {
		if f := strings.Fields(line); len(f) == 3 && f[0] != "#" {
			m[f[0]] = rule(f[2])
		}
	}
	return m
}()

// plain says what a field is that has no components, by the rule of the map: where its type says too little.
var plain = map[rule]what{
	ruleName: family, ruleStaff: token, ruleDrop: blank, ruleAddress: blank, ruleLocation: spot, ruleDate: date,
	ruleContact: phone, ruleSSN: ssn, ruleToken: token, ruleText: text,
}

var usualAffixes = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range words("JR SR I II III IV V MR MRS MS MISS DR PROF SIR MD DO RN NP PA PHD DDS DMD DVM DPM PHARMD LPN APRN CRNA CNM PT OT BS BA MS MA MPH ESQ") {
		m[w] = true
	}
	return m
}()

// usualResults are results in words that say nothing about who the patient is.
var usualResults = func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(`positive
negative
pos
neg
detected
not detected
reactive
non-reactive
nonreactive
indeterminate
equivocal
inconclusive
normal
abnormal
present
absent
none
none seen
trace
small
moderate
large
few
many
rare
clear
cloudy
yellow
amber
high
low
yes
no
unknown
susceptible
resistant
intermediate
no growth
pending
see note
not done
`) {
		m[strings.TrimSpace(line)] = true
	}
	return m
}()

// catalogues are fields whose codes come from a list of things, not of people.
var catalogues = func() map[string]bool {
	m := map[string]bool{}
	for _, p := range words("OBX-3 OBR-4 OBR-31 OBR-44 ORC-16 DG1-3 AL1-3 PR1-3 PR1-16 FT1-7 FT1-25 RXA-5 RXD-2 RXE-2 RXG-4 RXO-1 SPM-4 SPM-5 SPM-6 SPM-7 SPM-8 SPM-9") {
		m[p] = true
	}
	return m
}()

// knownSystem are the names of public systems of codes (table 0396).
var knownSystem = regexp.MustCompile(`(?i)^(LN|LOINC|SCT|SNM|SNOMED.*|I9|I9C|I9CDX|I9CP|I10|I10C|I10P|ICD.*|C4|C5|CPT.?|HCPCS|CVX|MVX|NDC|RXNORM|RXN|UCUM|HL7\d{4}|CDCREC|CDCPHINVS|PHINQUESTION|2\.16\.840\.1\.113883\.6\..*)$`)

// Ages as observations: LOINC 30525-0 Age, 21612-7 reported, 29553-5 calculated, 21611-9 estimated, 63900-5, 30972-4 (45 CFR 164.514(b)(2)(i)(C)).
var ageCodes = map[string]bool{"30525-0": true, "21612-7": true, "29553-5": true, "21611-9": true, "63900-5": true, "30972-4": true}

// Identifies reports whether a field can hold one of the identifiers of the Safe Harbor rule, or free text: what a mask hides.
// Every field of a Z segment can.
func Identifies(segment string, field int) bool {
	_, ok := fields[place(segment, field)]
	return ok || len(segment) == 3 && segment[0] == 'Z'
}
