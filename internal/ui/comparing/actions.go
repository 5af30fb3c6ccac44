package comparing

import (
	"trestle/internal/present/shell"
)

// Actions are what can be done here.
func (v *View) Actions() []shell.Action {
	m := v.m
	actions := []shell.Action{{ID: "compare.choose", Title: "Compare…", Detail: "files, folders, messages, runs, baselines", Keys: "Ctrl+O", Run: v.ChooseSides}}
	add := func(id, title, detail, keys string, run func()) {
		actions = append(actions, shell.Action{ID: "compare." + id, Title: title, Detail: detail, Keys: keys, Run: run})
	}
	if m.IsRunning() {
		add("stop", "Stop comparing", "what was found stays", "F5", m.Cancel)
	} else if m.Ready() {
		add("again", "Compare again", "", "F5", m.Again)
	}
	if m.Ready() {
		add("swap", "Exchange the sides", "", "Ctrl+Shift+X", m.Swap)
	}
	add("deletebaseline", "Delete a baseline…", "", "", v.DeleteBaseline)
	add("import", "Add the rules of a file…", "YAML, as trestle compare --rules reads", "", v.ImportRules)
	add("text", "Edit the rules as text…", "", "Ctrl+T", v.EditRules)
	if on, _ := m.RuleCount(); on > 0 {
		add("rulefile", "Write the rules to a file…", "", "", v.ExportRules)
	}
	if what := m.CanUndo(); what != "" {
		add("undo", "Undo: "+what, "", "Ctrl+Z", m.Undo)
	}
	if what := m.CanRedo(); what != "" {
		add("redo", "Redo: "+what, "", "Ctrl+Y", m.Redo)
	}
	if !m.HasResults() {
		return actions
	}
	add("baseline", "Keep a side as a baseline…", "its messages with the rules", "Ctrl+S", v.SaveBaseline)
	add("report", "Write a report…", "HTML, JSON or JUnit XML", "Ctrl+E", v.Export)
	if m.IsSet() {
		add("overview", "Show the overview", "types and patterns", "Alt+1", v.ShowOverview)
		add("pairs", "Show the pairs", "", "Alt+2", v.ShowPairs)
		add("filter", "Filter the pairs by key", "", "Ctrl+F", func() { v.ShowPairs(); v.host.Focus(v.set.filter) })
		if name := m.Pattern(v.set.patterns.Selected()); name != "" {
			add("ignorepattern", "Leave out everywhere: "+name, "the chosen pattern", "", v.IgnorePattern)
			add("expectpattern", "Expect: "+name, "the chosen pattern", "", v.ExpectPattern)
			add("patternpairs", "List the pairs with "+name, "", "", v.PairsOfPattern)
		}
		add("nextpair", "Open the next pair", "", "Alt+Down", func() { m.OpenPair(m.OpenRow() + 1) })
		add("pairbefore", "Open the pair before", "", "Alt+Up", func() { m.OpenPair(m.OpenRow() - 1) })
	}
	if !m.IsOpen() {
		return actions
	}
	for side, name := range [...]string{"left", "right"} {
		if m.Message(side) != nil {
			add("send"+name, "Send the "+name+" message…", "through a sender of Endpoints", [...]string{"Ctrl+F5", "Shift+F5"}[side], func() { v.SendSide(side) })
		}
	}
	add("next", "Go to the next difference", "", "F8", func() { m.Step(1) })
	add("previous", "Go to the difference before", "", "Shift+F8", func() { m.Step(-1) })
	unified, decoded, fold := "Show both sides in one text", "Show values decoded", "Fold what is equal"
	if m.Unified() {
		unified = "Show the sides beside each other"
	}
	if m.Decoded() {
		decoded = "Show the bytes as they came"
	}
	if m.Folded() {
		fold = "Unfold what is equal"
	}
	add("unified", unified, "", "Ctrl+U", func() { m.SetUnified(!m.Unified()) })
	add("decoded", decoded, "", "Ctrl+H", func() { m.SetDecoded(!m.Decoded()) })
	add("fold", fold, "", "Ctrl+J", func() { m.SetFolded(!m.Folded()) })
	if path := m.CurrentPath(); path != "" {
		add("here", "Leave "+path+" out here", "the current difference", "", m.IgnoreHere)
		add("everywhere", "Leave it out everywhere", "the current difference", "", m.IgnoreEverywhere)
		add("expect", "Expect this change", "the current difference", "", m.ExpectThis)
	}
	add("rules", "Show the rules", "", "Alt+3", func() { v.pair.tabs.SetSelected(1); v.pair.choose(); v.host.Focus(v.pair.rules) })
	add("differences", "Show the differences", "", "Alt+4", func() { v.pair.tabs.SetSelected(0); v.pair.choose(); v.host.Focus(v.pair.differences) })
	return actions
}

// SendSide offers the message of a side of the open pair to be sent.
func (v *View) SendSide(side int) {
	if b := v.m.Message(side); b != nil {
		v.Send([...]string{"the left message of a pair", "the right message of a pair"}[side], b)
	}
}

// Keys are the keys beside those of the actions.
func (v *View) Keys() []shell.Key {
	return []shell.Key{
		{Keys: "F6, Shift+F6", Does: "next and previous part of the place"},
		{Keys: "I, E, P, Enter", Does: "on a pattern: leave it out, expect it, list its pairs, open an example"},
		{Keys: "H, I, E", Does: "on a difference: leave it out here, everywhere, expect it"},
		{Keys: "Space, Delete", Does: "on a rule: on or off, remove"},
		{Keys: "Enter", Does: "on a type: list its pairs; on a pair: go to its differences"},
		{Keys: "Escape", Does: "in the filter: clear it"},
	}
}
