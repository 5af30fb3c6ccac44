package fhirstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"trestle/internal/fhir"
)

// Invent makes the records of n patients that never lived, with those of the clinic that they go to: the same for the same seed. Phone
// numbers are of those kept free for fiction (555-01xx), record numbers begin with 9.
func Invent(seed uint64, n int) []*fhir.Node {
	g := &inventor{dice: rand.New(rand.NewPCG(seed, 0x7265737479)), today: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	g.add("Organization", "clinic", `"active":true,"name":"River Falls Clinic","telecom":[{"system":"phone","value":"555-0100"}]`)
	g.add("Organization", "payer", `"active":true,"name":"Lakeside Health Plan"`)
	g.add("Location", "room-1", `"status":"active","name":"Room 1","managingOrganization":{"reference":"Organization/clinic"}`)
	for i, name := range []string{"Stone", "Rivers"} {
		g.add("Practitioner", fmt.Sprintf("doctor-%d", i+1), fmt.Sprintf(`"active":true,"identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"999999999%d"}],"name":[{"family":%q,"given":["Kim"],"prefix":["Dr"]}]`, i, name))
	}
	for i := range n {
		g.patient(i + 1)
	}
	return g.made
}

// Fill stores the resources under their own ids, those that are not there already.
func (s *Store) Fill(ctx context.Context, resources []*fhir.Node) error {
	drafts := make([]Draft, len(resources))
	for i, n := range resources {
		drafts[i] = s.Draft(n)
	}
	return s.Change(ctx, func(tx *Tx) error {
		for _, d := range drafts {
			id := d.Tree.Member("id").String()
			if tx.has(d, id) {
				continue
			}
			if _, _, err := tx.Put(d, id); err != nil {
				return err
			}
		}
		return nil
	})
}

type inventor struct {
	dice  *rand.Rand
	today time.Time
	made  []*fhir.Node
}

// add makes a resource of its members in JSON.
func (g *inventor) add(typ, id, members string) {
	n, err := fhir.ParseJSON([]byte(fmt.Sprintf(`{"resourceType":%q,"id":%q,%s}`, typ, id, members)))
	if err != nil {
		panic("the inventor wrote no JSON: " + err.Error()) // its texts are constants: a test runs all of them
	}
	g.made = append(g.made, n)
}

func (g *inventor) pick(list ...string) string { return list[g.dice.IntN(len(list))] }

// day is up to so many days ago.
func (g *inventor) day(most int) string {
	return g.today.AddDate(0, 0, -g.dice.IntN(most)).Format("2006-01-02")
}

func (g *inventor) patient(i int) {
	id, gender := fmt.Sprintf("patient-%d", i), g.pick("female", "male")
	given := g.pick("Ada", "Bea", "Cleo", "Dina", "Edda", "Fern")
	if gender == "male" {
		given = g.pick("Abel", "Bruno", "Cato", "Dean", "Emil", "Finn")
	}
	family := g.pick("Moss", "Brook", "Fen", "Heath", "Marsh", "Reed", "Thorn", "Vale", "Wold", "Birch") + g.pick("", "ley", "field", "wood")
	born := g.today.AddDate(-g.dice.IntN(80)-1, -g.dice.IntN(12), -g.dice.IntN(28)).Format("2006-01-02")
	doctor := fmt.Sprintf("Practitioner/doctor-%d", 1+g.dice.IntN(2))
	me := fmt.Sprintf(`{"reference":"Patient/%s","display":"%s %s"}`, id, given, family)
	g.add("Patient", id, fmt.Sprintf(`"identifier":[{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:oid:2.999.1","value":"9%05d"}],"active":true,"name":[{"use":"official","family":%q,"given":[%q]}],"telecom":[{"system":"phone","value":"555-01%02d","use":"home"}],"gender":%q,"birthDate":%q,"address":[{"line":["%d Mill Lane"],"city":%q,"state":"WI","postalCode":"000%02d"}],"generalPractitioner":[{"reference":%q}],"managingOrganization":{"reference":"Organization/clinic"}`,
		g.dice.IntN(100000), family, given, g.dice.IntN(100), gender, born, 1+g.dice.IntN(99), g.pick("River Falls", "Lakeside", "Milltown"), g.dice.IntN(100), doctor))
	g.add("Coverage", "coverage-"+id, fmt.Sprintf(`"status":"active","subscriberId":"9%06d","beneficiary":%s,"payor":[{"reference":"Organization/payer"}]`, g.dice.IntN(1000000), me))
	g.add("Condition", "condition-"+id, fmt.Sprintf(`"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},"code":{"text":%q},"subject":%s,"recordedDate":%q`,
		g.pick("High blood pressure", "Seasonal hay fever", "Back pain", "Migraine"), me, g.day(900)))
	for e := range 1 + g.dice.IntN(3) {
		visit, day := fmt.Sprintf("visit-%s-%d", id, e+1), g.day(700)
		g.add("Encounter", visit, fmt.Sprintf(`"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":%s,"participant":[{"individual":{"reference":%q}}],"period":{"start":"%sT09:00:00Z","end":"%sT09:20:00Z"},"serviceProvider":{"reference":"Organization/clinic"}`, me, doctor, day, day))
		for _, o := range []struct {
			code, name, unit string
			from, spread     int
		}{{"8480-6", "Systolic blood pressure", "mm[Hg]", 105, 50}, {"8867-4", "Heart rate", "/min", 55, 40}, {"29463-7", "Body weight", "kg", 50, 50}} {
			g.add("Observation", fmt.Sprintf("%s-%s", visit, o.code), fmt.Sprintf(`"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":%q,"display":%q}]},"subject":%s,"encounter":{"reference":"Encounter/%s"},"effectiveDateTime":"%sT09:05:00Z","valueQuantity":{"value":%d,"unit":%q,"system":"http://unitsofmeasure.org","code":%q}`,
				o.code, o.name, me, visit, day, o.from+g.dice.IntN(o.spread), strings.Trim(o.unit, "/"), o.unit))
		}
	}
	next := g.today.AddDate(0, 0, 1+g.dice.IntN(60)).Format("2006-01-02")
	g.add("Appointment", "appointment-"+id, fmt.Sprintf(`"status":"booked","description":"Check-up","start":"%sT10:00:00Z","end":"%sT10:20:00Z","participant":[{"actor":%s,"status":"accepted"},{"actor":{"reference":%q},"status":"accepted"},{"actor":{"reference":"Location/room-1"},"status":"accepted"}]`, next, next, me, doctor))
}
