// Package roster reads lists of patients from files of many kinds into one shape, and says what each column holds.
//
// Its central type is [Roster]: columns with roles and rows of text exactly as they came. [Read] recognises CSV in any
// separator and character set, Excel workbooks, HL7 v2 messages (PID, PD1, MRG, IN1 to IN3, GT1) and FHIR bundles or
// NDJSON. Roles are guessed from names and contents, and a [Spec] overrules them. Rows that cannot be used are kept in
// [Roster.Bad] with the reason.
//
//	r, err := roster.Read(ctx, "infusion.csv", file, roster.Spec{})
//	for _, c := range r.Columns {
//		fmt.Println(c.Name, c.Role, c.Why)
//	}
package roster
