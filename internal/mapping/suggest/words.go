package suggest

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// words are the words of a name or path in the form in which they are compared: cut at signs and capitals, small, and those
// that mean one thing in healthcare made one word.
func words(texts ...string) []string {
	var list []string
	for _, text := range texts {
		for _, w := range cutWords(text) {
			if one, ok := sameWords[w]; ok {
				list = append(list, strings.Fields(one)...)
			} else if !empty[w] {
				list = append(list, strings.TrimSuffix(w, "s"))
			}
		}
	}
	return list
}

// cutWords cuts patientBirthDate, SSN_Number and "Date/Time of Birth".
func cutWords(text string) (list []string) {
	var b strings.Builder
	end := func() {
		if b.Len() > 0 {
			list = append(list, strings.ToLower(b.String()))
			b.Reset()
		}
	}
	letters := []rune(text)
	for i, r := range letters {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsUpper(letters[i-1]) && unicode.IsLower(letters[i+1])):
			end()
		}
		b.WriteRune(r)
	}
	end()
	return list
}

// empty words say nothing of which field is meant.
var empty = map[string]bool{"of": true, "the": true, "and": true, "or": true, "to": true, "for": true, "in": true, "s": true, "a": true, "x": true, "coding": true, "value": true, "text": true, "cd": true}

// sameWords gives words of partners' column names, of HL7 v2 and of FHIR one form.
var sameWords = map[string]string{
	"dob": "birth date", "birthdate": "birth date", "born": "birth date", "bday": "birth date",
	"sex": "gender", "administrative": "", "surname": "family", "last": "family", "lastname": "family", "lname": "family", "firstname": "given", "first": "given", "fname": "given", "forename": "given",
	"middle": "second", "middlename": "second", "further": "second", "mi": "second",
	"zip": "postal", "zipcode": "postal", "postcode": "postal", "postalcode": "postal", "street": "line", "addr": "address", "addr1": "address line", "address1": "address line", "address2": "address other",
	"telephone": "phone", "telecom": "phone", "tel": "phone", "telecommunication": "phone", "mobile": "phone", "cell": "phone", "email": "mail", "emails": "mail",
	"mrn": "patient identifier", "id": "identifier", "ids": "identifier", "identifiers": "identifier", "ident": "identifier", "nbr": "number", "no": "number", "num": "number", "#": "number",
	"ssn": "ssn", "social": "ssn", "security": "", "datetime": "time date", "dt": "date", "dttm": "time date", "timestamp": "time date", "effective": "effective", "start": "start", "begin": "start", "beginning": "start", "from": "start", "thru": "end", "through": "end", "expiration": "end", "expiry": "end", "termination": "end", "stop": "end",
	"marital": "marital", "race": "race", "ethnicity": "ethnic", "deceased": "death", "died": "death", "language": "language", "lang": "language",
	"subscriber": "insured", "member": "insured", "beneficiary": "patient", "payer": "insurance company", "payor": "insurance company", "plan": "plan", "policy": "policy", "coverage": "insurance", "guarantor": "guarantor",
	"physician": "doctor", "practitioner": "doctor", "provider": "doctor", "clinician": "doctor", "dr": "doctor", "attender": "attending doctor", "performer": "doctor", "individual": "doctor",
	"encounter": "visit", "appointment": "schedule", "appt": "schedule", "scheduling": "schedule", "sched": "schedule", "procedure": "procedure", "proc": "procedure", "cpt": "procedure code", "diagnosis": "diagnosis", "dx": "diagnosis", "condition": "diagnosis", "icd": "diagnosis code", "icd10": "diagnosis code",
	"observation": "observation", "result": "observation", "test": "observation", "unit": "unit", "units": "unit", "referencerange": "reference range", "abnormal": "interpretation", "interpretation": "interpretation", "flag": "interpretation", "flags": "interpretation",
	"loc": "location", "facility": "facility", "dept": "department", "qty": "quantity", "amt": "amount", "desc": "description", "codeset": "system", "system": "system", "relationship": "relation", "relationtopatient": "relation", "contacts": "contact", "nk1": "contact", "kin": "contact", "next": "", "comment": "note", "comments": "note", "notes": "note",
	"reason": "reason", "status": "status", "duration": "duration", "minutes": "duration", "class": "class", "allergy": "allergy", "severity": "severity", "vaccine": "vaccine", "lot": "lot", "manufacturer": "manufacturer", "route": "route", "site": "site",
}

// bag is what a name is compared by: its words and their groups of three letters, each once.
type bag struct{ words, grams []string }

func bagOf(list []string) bag {
	var b bag
	for _, w := range list {
		if slices.Contains(b.words, w) {
			continue
		}
		b.words = append(b.words, w)
		padded := "^" + w + "$"
		for i := 0; i+3 <= len(padded); i++ {
			if g := padded[i : i+3]; !slices.Contains(b.grams, g) {
				b.grams = append(b.grams, g)
			}
		}
	}
	return b
}

// names finds the names that resemble one, by what they share.
type names struct {
	bags   []bag
	weight []float64 // of the words of each name together
	word   map[string][]int32
	gram   map[string][]int32
}

func (x *names) add(b bag) {
	if x.word == nil {
		x.word, x.gram = map[string][]int32{}, map[string][]int32{}
	}
	i := int32(len(x.bags))
	x.bags = append(x.bags, b)
	for _, w := range b.words {
		x.word[w] = append(x.word[w], i)
	}
	for _, g := range b.grams {
		x.gram[g] = append(x.gram[g], i)
	}
}

// ready is called when all names are there.
func (x *names) ready() {
	x.weight = make([]float64, len(x.bags))
	for i, b := range x.bags {
		for _, w := range b.words {
			x.weight[i] += x.rare(w)
		}
	}
}

// rare is how much a word says: the fewer names hold it, the more.
func (x *names) rare(word string) float64 {
	return math.Log(2 + float64(len(x.bags))/float64(1+len(x.word[word])))
}

// alike compares a name with all others: the words they share, by how rare a word is, and the groups of three letters. The
// result has a number from 0 to 1 for each name.
func (x *names) alike(b bag) []float64 {
	both := make([]float64, len(x.bags))
	grams := make([]int32, len(x.bags))
	own := 0.0
	for _, w := range b.words {
		r := x.rare(w)
		own += r
		for _, i := range x.word[w] {
			both[i] += r
		}
	}
	for _, g := range b.grams {
		for _, i := range x.gram[g] {
			grams[i]++
		}
	}
	for i := range both {
		if grams[i] == 0 {
			continue
		}
		n := float64(grams[i])
		both[i] = 0.7*both[i]/(own+x.weight[i]-both[i]) + 0.3*n/(float64(len(b.grams)+len(x.bags[i].grams))-n)
	}
	return both
}
