// Package profile says what two systems have agreed on top of the standard: which messages, segments and fields are
// used, how often, how long, with which values, and which Z segments there are. A profile is a YAML file that a
// consultant can read, write and sign off.
//
// Its central type is Profile. Load takes one from a file or, by name, from the starters that come with the program;
// Learner writes one from sample messages; Apply finds what a message does against it, in the words of the field:
// Usage, Cardinality, Length, Format, Value set, Extra and Unexpected. Gaps counts the same over many messages, and
// each gap takes a decision that is kept in the profile's file.
//
//	p, err := profile.Load("ecw")
//	if err != nil {
//		return err
//	}
//	for _, f := range p.Check(m) { // the standard, as the profile bends it, and the profile itself
//		fmt.Println(f.Severity, f.Path, f.Text)
//	}
package profile
