package mapping

import (
	"fmt"
	"time"
)

// Steps are functions one after the other, ready to be applied to texts outside of any message: for those who try out which
// functions lead from one value to another. One goroutine uses them at a time.
type Steps struct {
	run   *run
	apply []apply
}

// CompileSteps prepares functions with the tables and the zone of a mapping. Functions that need a message around them, such
// as reference, are an error.
func CompileSteps(f *File, steps []Step) (*Steps, error) {
	c := &compiler{file: f, tables: map[string]*index{}, tablesUsed: map[string]bool{}}
	for i := range f.Tables {
		if t := &f.Tables[i]; len(t.Rows.Columns) >= 2 && len(t.columnProblems()) == 0 {
			c.tables[t.Name] = newIndex(t)
		}
	}
	e := &Engine{file: f}
	if f.Zone != "" {
		zone, err := time.LoadLocation(f.Zone)
		if err != nil {
			return nil, fmt.Errorf("the zone %q is not known; write for example America/New_York", shorten(f.Zone))
		}
		e.zone = zone
	}
	s := &Steps{run: &run{e: e, message: &message{}, now: &rule{src: &Rule{}}}}
	for _, step := range steps {
		if known, ok := libraryByName[step.Name]; ok && known.reserved && known.Group != "lookup" {
			return nil, fmt.Errorf("%s needs a message around the value", step.Name)
		}
		a, err := c.step(step)
		if err != nil {
			return nil, err
		}
		s.apply = append(s.apply, a)
	}
	return s, nil
}

// Apply gives what comes out of the functions for values that are taken in order, and whether any of them warned: then a
// value was no date, no number or whatever was asked for, or a table does not hold it.
func (s *Steps) Apply(values ...string) (out []string, warned bool) {
	s.run.warnings, s.run.failed, s.run.refused, s.run.spent = nil, nil, nil, 0
	list := make([]value, 0, len(values)+4)
	for _, v := range values {
		if v != "" {
			list = append(list, textValue(v))
		}
	}
	s.run.call = call{run: s.run}
	for _, f := range s.apply {
		list = f(&s.run.call, list)
	}
	for i := range list {
		if !list[i].empty() {
			out = append(out, list[i].String())
		}
	}
	return out, len(s.run.warnings) > 0 || s.run.refused != nil
}
