// Package project reads the plain project folder: a directory with a project.yaml that names two systems that are
// being joined, the scope of the work, the people, a test plan, message files, patient rosters and plan lists.
//
// The folder is what people write, review and keep under version control. It holds no secrets. The encrypted
// workspace is built from it. [Project] is the central type, [Load] reads one from any [io/fs.FS], and [Scope] says
// for each kind of data who is the system of record, which way the data flows and what may be edited on our side:
//
//	p, err := project.Load(os.DirFS("workspaces/riverbend"))
//	if err != nil {
//		return err // project.yaml:14: unknown key "sytems"; did you mean "systems"?
//	}
//	flow, _ := p.Scope.Flow(project.Demographics)
//	fmt.Println(flow.Record, flow.Direction, flow.Edit) // theirs in blocked
//
// The reader is strict: an unknown key, a missing file or a word outside the list is an error with file and line.
// All problems are reported at once, see [Problems].
package project
