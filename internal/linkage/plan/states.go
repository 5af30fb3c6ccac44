package plan

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed data/states.txt
var statesText string

// stateNames gives the code of a state by its name, and the codes by themselves.
var stateNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{
		// Short forms beyond the post's; ZZ is no state and free for invented data.
		"MASS": "MA", "CALIF": "CA", "PENN": "PA", "TENN": "TN", "MINN": "MN", "OKLA": "OK", "WISC": "WI", "WASH": "WA",
		"ARIZ": "AZ", "ILL": "IL", "MICH": "MI", "CONN": "CT", "FLA": "FL", "ZZ": "ZZ",
	}
	for line := range strings.Lines(statesText) {
		if code, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			names[name] = code
			names[code] = code
		}
	}
	return names
})

// doubtful codes are words too, or mean something else in names of plans (MA is Medicare Advantage, PA and MD are
// people): they count only where the words around them ask for a state.
var doubtful = wordSet("IN OR ME HI OK DE LA CO ID MA AL PA MD VA NE CT MT MS AS PR VI MP MH PW GU FM")

// isBlueWord says whether the word is part of the name of a Blue.
func isBlueWord(w string) bool {
	switch w {
	case "BCBS", "BC", "BS", "BLUE", "CROSS", "SHIELD", "SHEILD", "BLUECROSS", "BLUESHIELD", "BCBSA":
		return true
	}
	return false
}

// findStates marks the words that name states and returns their codes.
func findStates(words []string) (states []string, used []bool) {
	used = make([]bool, len(words))
	take := func(code string, from, n int) {
		for i := range n {
			used[from+i] = true
		}
		if !slices.Contains(states, code) {
			states = append(states, code)
		}
	}
	names := stateNames()
	for i := 0; i < len(words); i++ {
		if n, code := longState(words[i:], names); n > 0 {
			city := i+n < len(words) && (words[i+n] == "CITY" || words[i+n] == "LIFE") // Kansas City lies in Missouri
			if !city {
				take(code, i, n)
				i += n - 1
			}
			continue
		}
		if code, half := gluedBlue(words[i]); half != NotBlue {
			if code != "" && !slices.Contains(states, code) {
				states = append(states, code)
			}
			continue
		}
		if code, ok := names[words[i]]; ok && len(words[i]) <= 5 && asksForState(words, i) {
			take(code, i, 1)
		}
	}
	slices.Sort(states)
	return states, used
}

// longState reads a state's name of one to five words.
func longState(words []string, names map[string]string) (n int, code string) {
	for n := min(5, len(words)); n >= 1; n-- {
		name := strings.Join(words[:n], " ")
		if len(name) > 3 {
			if code, ok := names[name]; ok {
				return n, code
			}
		}
	}
	return 0, ""
}

// asksForState says whether the code at i stands where a state does.
func asksForState(words []string, i int) bool {
	at := func(j int) string {
		if j < 0 || j >= len(words) {
			return ""
		}
		return words[j]
	}
	before, after := at(i-1), at(i+1)
	if words[i] == "VA" {
		switch after {
		case "CCN", "COMMUNITY", "ADMINISTRATION", "ADMIN", "HEALTH", "HEALTHCARE", "MEDICAL":
			return false // Veterans Affairs
		}
	}
	switch {
	case before == "KANSAS" || after == "CITY" || after == "KC":
		return false
	case before == "OF" || isBlueWord(before):
		return true
	case before == "MEDICAID" || before == "MCD" || after == "MEDICAID" || after == "MCD":
		return true
	}
	return !doubtful[words[i]]
}

// gluedBlue reads BCTN, BCBSAL and BCBSTX.
func gluedBlue(w string) (state string, half Blue) {
	for _, head := range []struct {
		text string
		half Blue
	}{{"BCBS", BlueBoth}, {"BC", BlueCross}, {"BS", BlueShield}} {
		if rest, ok := strings.CutPrefix(w, head.text); ok && len(rest) == 2 {
			if code, ok := stateNames()[rest]; ok {
				return code, head.half
			}
		}
	}
	return "", NotBlue
}
