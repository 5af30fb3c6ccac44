package profile

import "trestle/internal/check"

// Kind says in the field's words how a message departs from its profile.
type Kind string

// The kinds, as findings and gaps show them.
const (
	UsageKind       Kind = "Usage"       // required and empty, or not used and valued
	CardinalityKind Kind = "Cardinality" // too few or too many
	LengthKind      Kind = "Length"
	FormatKind      Kind = "Format" // pattern, named form, delimiters
	ValueSetKind    Kind = "Value set"
	ExtraKind       Kind = "Extra"      // a field that the profile does not list
	UnexpectedKind  Kind = "Unexpected" // a message or segment that the profile does not list
)

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{UsageKind, CardinalityKind, LengthKind, FormatKind, ValueSetKind, ExtraKind, UnexpectedKind}
}

func kindNames() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return names
}

var kindCodes = map[Kind]string{
	UsageKind: "profile-usage", CardinalityKind: "profile-cardinality", LengthKind: "profile-length", FormatKind: "profile-format",
	ValueSetKind: "profile-value-set", ExtraKind: "profile-extra", UnexpectedKind: "profile-unexpected",
}

// Code is the stable code of findings of the kind, "profile-value-set".
func (k Kind) Code() string { return kindCodes[k] }

// Codes lists the codes that Apply can report. They are in addition to those of check.Codes.
func Codes() []check.Description {
	return []check.Description{
		{Code: UsageKind.Code(), Severity: check.Error, Text: "An element that the profile requires is empty, or one that it does not use is valued."},
		{Code: CardinalityKind.Code(), Severity: check.Warning, Text: "An element occurs less or more often than the profile says."},
		{Code: LengthKind.Code(), Severity: check.Warning, Text: "A value is shorter or longer than the profile says."},
		{Code: FormatKind.Code(), Severity: check.Warning, Text: "A value is not written as the profile says."},
		{Code: ValueSetKind.Code(), Severity: check.Warning, Text: "A value is not among those of the profile."},
		{Code: ExtraKind.Code(), Severity: check.Information, Text: "A field is valued that the profile does not list."},
		{Code: UnexpectedKind.Code(), Severity: check.Information, Text: "A message or segment comes that the profile does not list."},
	}
}
