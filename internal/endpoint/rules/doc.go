// Package rules is the language in which a mock partner is told how to behave: rules that stand in order, of which the first
// that matches decides, and faults that spoil what it does.
//
// Its central type is [File], which Parse reads from YAML and Format writes. Each [Rule] reads as one sentence. [Compile]
// makes a [Program] of it that many connections may ask at once. The package decides and writes words; it does no input or
// output.
//
//	f, err := rules.Parse([]byte("rules:\n- when: {trigger: S15}\n  then: {code: AE, text: no cancelling}\n"))
//	f.Rules[0].Sentence() // when trigger is S15 → AE "no cancelling"
package rules
