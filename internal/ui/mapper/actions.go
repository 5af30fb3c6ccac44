package mapper

import (
	"errors"
	"fmt"

	"trestle/internal/present/shell"
)

var errNoPath = errors.New("there is no such path on either side; write PID-5.1 or Patient.birthDate")

// Actions are what can be done here.
func (v *View) Actions() []shell.Action {
	m := v.m
	var actions []shell.Action
	add := func(id, title, detail, keys string, run func()) {
		actions = append(actions, shell.Action{ID: "map." + id, Title: title, Detail: detail, Keys: keys, Run: run})
	}
	add("new", "New mapping…", "from a starter, or empty", "Ctrl+N", v.New)
	add("import", "Import mappings…", "YAML with its tables, or a folder", "Ctrl+O", v.Import)
	actions = append(actions, v.paperActions()...)
	add("learn", "Learn a mapping from pairs of messages…", "before and after an interface", "", v.Learn)
	for _, e := range m.Entries() {
		if e.Name != m.Name() {
			add("open."+e.Name, "Open the mapping "+e.Name, "", "", func() { m.Open(e.Name) })
		}
	}
	if !m.IsOpen() {
		return actions
	}
	if m.Dirty() {
		add("save", "Save the mapping", "as its newest version", "Ctrl+S", m.Save)
		add("discard", "Go back to the saved version", "", "", m.Discard)
	}
	if what := m.CanUndo(); what != "" {
		add("undo", "Undo: "+what, "", "Ctrl+Z", m.Undo)
	}
	if what := m.CanRedo(); what != "" {
		add("redo", "Redo: "+what, "", "Ctrl+Y", m.Redo)
	}
	for i := range v.tabs {
		keys := ""
		if i < 9 {
			keys = fmt.Sprintf("Alt+%d", i+1)
		}
		add(fmt.Sprintf("tab%d", i+1), "Show "+v.tabs[i].Title, "", keys, func() { v.ShowTab(i) })
	}
	if t := &v.tabs[v.shownTab]; t.Actions != nil {
		actions = append(actions, t.Actions()...)
	}
	if v.shownTab != 2 {
		add("addrule", "Add a rule", "below the one that is looked at", "Ctrl+Shift+N", v.AddRule)
	}
	add("addblock", "Add a block…", "one thing that the target gets", "Ctrl+B", v.AddBlock)
	add("samples", "Choose samples…", "messages of the project, or files", "Ctrl+Shift+L", v.ChooseSamples)
	add("nextsample", "The next sample", "", "Alt+Page Down", func() { m.StepSample(1) })
	add("samplebefore", "The sample before", "", "Alt+Page Up", func() { m.StepSample(-1) })
	if n, _ := m.Turns(); n > 1 {
		add("nextturn", "The next repetition", "of the rule that is looked at", "Alt+Shift+Page Down", func() { m.StepTurn(1) })
		add("turnbefore", "The repetition before", "", "Alt+Shift+Page Up", func() { m.StepTurn(-1) })
	}
	add("nextproblem", "Go to the next rule that needs a look", "it cannot run, warns, or never fired", "F8", func() { m.StepProblem(1) })
	add("problembefore", "Go to the one before", "", "Shift+F8", func() { m.StepProblem(-1) })
	add("settings", "What the mapping reads and makes…", "", "Ctrl+Shift+E", v.Settings)
	if m.TakesTarget() {
		add("taketarget", "Take the target from a sample or its description…", "a document as it is to be, CSV, JSON Schema, layout", "", v.TakeTarget)
	}
	if m.TakesLayout() {
		add("layout", "Read the layout of the source…", "where the fields of a fixed-width record stand", "", v.TakeLayout)
	}
	add("rename", "Rename the mapping…", "", "", v.Rename)
	add("duplicate", "Duplicate the mapping…", "", "", v.Duplicate)
	add("export", "Export the mapping to a folder…", "YAML and CSV", "Ctrl+E", v.Export)
	add("delete", "Delete the mapping…", "", "", v.Delete)
	add("all", "Show all mappings", "", "Ctrl+W", m.CloseMapping)
	return actions
}

// Keys are the keys beside those of the actions.
func (v *View) Keys() []shell.Key {
	keys := []shell.Key{{Keys: "F6, Shift+F6", Does: "next and previous part of the place"}}
	if !v.m.IsOpen() {
		return append(keys, shell.Key{Keys: "Enter", Does: "open the mapping"})
	}
	keys = append(keys, v.tabs[v.shownTab].Keys...)
	if v.tabs[v.shownTab].Whole {
		return keys
	}
	return append(keys,
		shell.Key{Keys: "Left, Right", Does: "in the rule's steps: go from step to step"},
		shell.Key{Keys: "a letter, Enter, Delete", Does: "in the steps: add, change, remove a function"},
		shell.Key{Keys: "Alt+Left, Alt+Right", Does: "in the steps: move a function"},
		shell.Key{Keys: "Enter", Does: "in the result: edit the rule that made the value"})
}
