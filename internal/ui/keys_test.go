package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/shell"
)

// Keys that stand in an action must be keys that the window listens to, and mean one thing in a place.
func TestKeysOfActionsAreHeardAndMeanOneThing(t *testing.T) {
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	heard := map[string]bool{"Delete": true, "Ctrl+Q": true} // the list hears Delete itself
	for word := range keyNames {
		for _, m := range modifiers {
			heard[m.words+word] = true
		}
	}
	for i := range 12 {
		f := "F" + string(rune('1'+i))
		heard[f], heard["Shift+"+f] = true, true
	}
	for _, p := range shell.Places() {
		d.s.Go(p)
		d.settle()
		does := map[string]string{}
		for _, a := range d.s.session.places[p].Actions() {
			if a.Title == "" || a.Run == nil {
				t.Errorf("%v: the action %q has no title or does nothing", p, a.ID)
			}
			for k := range strings.SplitSeq(a.Keys, ", ") {
				if k == "" {
					continue
				}
				if !heard[k] {
					t.Errorf("%v: nothing hears %q of %q", p, k, a.Title)
				}
				if other, ok := does[k]; ok {
					t.Errorf("%v: %q is both %q and %q", p, k, other, a.Title)
				}
				does[k] = a.Title
			}
		}
	}
}

// An action that is offered everywhere goes to its place first.
func TestActionsOfOtherPlacesGoThere(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Settings)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyF)
	if d.s.m.Place() != shell.Inspect {
		t.Errorf("Ctrl+F from the settings shows %v", d.s.m.Place())
	}
}
