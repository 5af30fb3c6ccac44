package project

// Parse reads a project file by itself, such as the one that a workspace keeps. Unlike Load it does not look for the
// files that it names. The error is Problems.
func Parse(b []byte) (*Project, error) {
	p, places, problems := parse(FileName, b)
	if p == nil {
		return nil, problems
	}
	if problems = append(problems, places.check(nil, p)...); len(problems) > 0 {
		problems.Sort()
		return nil, problems
	}
	return p, nil
}
