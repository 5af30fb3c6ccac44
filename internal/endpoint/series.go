package endpoint

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Series makes messages about invented people: for each patient the triggers in order. The same settings give the same bytes.
type Series struct {
	Patients int      // how many
	Triggers []string // such as A01 A08 A03, or S12 S13 S15; each patient goes through all of them
	Seed     uint64
	Begin    time.Time // of the first message; each further one is a minute later
	Version  string    // MSH-12; empty is 2.5.1

	SendingApplication, SendingFacility     string // MSH-3 and MSH-4; empty is TRESTLE and TEST
	ReceivingApplication, ReceivingFacility string // MSH-5 and MSH-6; empty is PARTNER and TEST
}

// seriesTriggers are the triggers that a series can make.
var seriesTriggers = []string{"A01", "A02", "A03", "A04", "A05", "A08", "A11", "A13", "A28", "A31", "S12", "S13", "S14", "S15", "S26"}

// SeriesTriggers lists what a series can be made of.
func SeriesTriggers() []string { return slices.Clone(seriesTriggers) }

// ParseSeries reads "5 A01 A08 A03": how many patients, and what happens to each. Without a number it is one patient. "seed 7"
// at the end is the seed.
func ParseSeries(text string) (Series, error) {
	var s Series
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == ':' })
	if n := len(words); n > 2 && strings.EqualFold(words[n-2], "seed") {
		seed, err := strconv.ParseUint(words[n-1], 10, 64)
		if err != nil {
			return s, fmt.Errorf("a seed is a whole number, not %q", words[n-1])
		}
		s.Seed, words = seed, words[:n-2]
	}
	if len(words) > 0 {
		if n, err := strconv.Atoi(words[0]); err == nil {
			s.Patients = n
			words = words[1:]
		} else {
			s.Patients = 1
		}
	}
	for _, w := range words {
		s.Triggers = append(s.Triggers, strings.ToUpper(w))
	}
	return s, s.Validate()
}

// String is what ParseSeries reads.
func (s *Series) String() string {
	text := strconv.Itoa(s.Patients) + " " + strings.Join(s.Triggers, " ")
	if s.Seed != 0 {
		text += " seed " + strconv.FormatUint(s.Seed, 10)
	}
	return text
}

// Validate says what cannot be made.
func (s *Series) Validate() error {
	if s.Patients < 1 || s.Patients > maxSeriesPatients {
		return fmt.Errorf("a series has 1 to %d patients", maxSeriesPatients)
	}
	if len(s.Triggers) == 0 {
		return errors.New("a series needs triggers, as in: 5 A01 A08 A03")
	}
	for _, t := range s.Triggers {
		if !slices.Contains(seriesTriggers, t) {
			return fmt.Errorf("a series cannot make %q; it makes %s", t, strings.Join(seriesTriggers, " "))
		}
	}
	return nil
}

const maxSeriesPatients = 1_000_000

// The people of a series. None of them lives: phones are of the 555-01xx numbers kept for fiction, SSNs begin with 9 as none
// does, streets and towns are not on a map together.
var (
	families = []string{"Abbott", "Brandt", "Castell", "Dunmore", "Ekwall", "Farrow", "Gallego", "Hollis", "Imura", "Jansky", "Kessel", "Lindqvist", "Moreau", "Norcott", "Oyelaran", "Pacheco", "Quimby", "Rosner", "Sandoval", "Tillman"}
	women    = []string{"Ada", "Birgit", "Camille", "Dolores", "Edith", "Farida", "Greta", "Hana", "Ines", "Joyce", "Katrin", "Leonor"}
	men      = []string{"Albin", "Bruno", "Cyril", "Diego", "Emil", "Felix", "Gustav", "Hiro", "Ivo", "Jonah", "Karim", "Lorenz"}
	streets  = []string{"Alder Way", "Birch Row", "Canal Street", "Dock Lane", "Elm Rise", "Foundry Road", "Granary Close", "Harbour Street"}
	towns    = [][3]string{{"Millbrook", "ZZ", "00501"}, {"Stonebridge", "ZZ", "00502"}, {"Northwick", "ZZ", "00503"}, {"Fairhaven", "ZZ", "00504"}}
	doctors  = []string{"9001^Ashdown^Vera", "9002^Bellweather^Otto", "9003^Crane^Nadia"}
	wards    = []string{"MED^101^A", "MED^102^B", "SURG^210^A", "OBS^305^A"}
)

// Messages yields the series, patient after patient in each step: all admissions, then all updates. So two messages of one patient do not
// follow each other at once, as on a real interface.
func (s Series) Messages() iter.Seq2[Outgoing, error] {
	return func(yield func(Outgoing, error) bool) {
		if err := s.Validate(); err != nil {
			yield(Outgoing{Name: "series"}, err)
			return
		}
		n := 0
		for step, trigger := range s.Triggers {
			for p := range s.Patients {
				m := Outgoing{Bytes: s.message(p, step, n, trigger), Name: "series", Index: n}
				n++
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

// person is one invented patient.
type person struct {
	mrn, account, visit, family, given, sex, birth, street, town, phone, ssn, doctor, ward string
}

func (s *Series) person(p int) person {
	r := rand.New(rand.NewPCG(s.Seed, uint64(p)))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	x := person{sex: "F", given: pick(women), family: pick(families), street: fmt.Sprintf("%d %s", 1+r.IntN(199), pick(streets)), doctor: pick(doctors), ward: pick(wards)}
	if r.IntN(2) == 0 {
		x.sex, x.given = "M", pick(men)
	}
	t := towns[r.IntN(len(towns))]
	x.town = t[0] + "^" + t[1] + "^" + t[2]
	x.birth = time.Date(1930+r.IntN(90), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC).Format("20060102")
	x.phone = fmt.Sprintf("(555)555-01%02d", r.IntN(100))
	x.ssn = fmt.Sprintf("9%02d-%02d-%04d", r.IntN(100), 1+r.IntN(99), 1+r.IntN(9999))
	// Seven digits of the seed keep the numbers of two series apart, seven of the patient make them unique within one.
	id := fmt.Sprintf("%03d%07d", s.Seed%1000, p+1)
	x.mrn, x.account, x.visit = "T"+id, "AC"+id, "V"+id
	return x
}

func or(text, usual string) string {
	if text == "" {
		return usual
	}
	return text
}

func (s *Series) message(p, step, n int, trigger string) []byte {
	x := s.person(p)
	begin := s.Begin
	if begin.IsZero() {
		begin = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	}
	now := begin.Add(time.Duration(n) * time.Minute).Format("20060102150405")
	version := or(s.Version, "2.5.1")
	event, structure := "ADT^"+trigger, adtStructure(trigger)
	if trigger[0] == 'S' {
		event, structure = "SIU^"+trigger, "SIU_S12"
	}
	if version >= "2.3.1" {
		event += "^" + structure
	}
	var b strings.Builder
	fmt.Fprintf(&b, "MSH|^~\\&|%s|%s|%s|%s|%s||%s|S%03d%09d|T|%s\r", or(s.SendingApplication, "TRESTLE"), or(s.SendingFacility, "TEST"),
		or(s.ReceivingApplication, "PARTNER"), or(s.ReceivingFacility, "TEST"), now, event, s.Seed%1000, n+1, version)
	if trigger[0] == 'S' {
		s.schedule(&b, &x, begin, p, step, trigger)
		return []byte(b.String())
	}
	if step > 0 && (trigger == "A08" || trigger == "A31") { // an update that changes nothing tests nothing
		x.phone = fmt.Sprintf("(555)555-01%02d", (p+step*37)%100)
	}
	fmt.Fprintf(&b, "EVN|%s|%s\r", trigger, now)
	b.WriteString(x.pid())
	class := "I"
	if trigger == "A04" || trigger == "A28" || trigger == "A31" {
		class = "O"
	}
	fmt.Fprintf(&b, "PV1|1|%s|%s||||%s||||||||||||%s", class, x.ward, x.doctor, x.visit)
	discharge := ""
	if trigger == "A03" {
		discharge = now
	}
	// PV1-44 is when the visit began, PV1-45 when it ended.
	fmt.Fprintf(&b, "%s%s", strings.Repeat("|", 25), begin.Add(time.Duration(p)*time.Minute).Format("20060102150405"))
	if discharge != "" {
		b.WriteString("|" + discharge)
	}
	b.WriteString("\r")
	return []byte(b.String())
}

// adtStructure is the message structure of an ADT trigger, HL7 v2.5.1 chapter 3.
func adtStructure(trigger string) string {
	switch trigger {
	case "A02":
		return "ADT_A02"
	case "A03":
		return "ADT_A03"
	case "A05", "A28", "A31":
		return "ADT_A05"
	case "A11":
		return "ADT_A09"
	}
	return "ADT_A01" // A01, A04, A08, A13
}

func (x *person) pid() string {
	return fmt.Sprintf("PID|1||%s^^^TEST^MR||%s^%s||%s|%s|||%s^^%s||%s|||||%s|%s\r", x.mrn, x.family, x.given, x.birth, x.sex, x.street, x.town, x.phone, x.account, x.ssn)
}

// schedule writes the segments of an appointment. SCH-2 stays the same from the booking to the cancellation; a rescheduled one
// moves by a day.
func (s *Series) schedule(b *strings.Builder, x *person, begin time.Time, p, step int, trigger string) {
	start := begin.AddDate(0, 0, 7).Add(time.Duration(p) * 15 * time.Minute)
	for _, t := range s.Triggers[:step+1] {
		if t == "S13" {
			start = start.AddDate(0, 0, 1)
		}
	}
	status := map[string]string{"S15": "Cancelled", "S26": "Noshow"}[trigger]
	if status == "" {
		status = "Booked"
	}
	reason := map[string]string{"S12": "BOOKED", "S13": "MOVED", "S14": "CHANGED", "S15": "CANCELLED", "S26": "NOSHOW"}[trigger]
	when := start.Format("20060102150405")
	end := start.Add(15 * time.Minute).Format("20060102150405")
	fmt.Fprintf(b, "SCH|P%s|F%s||||%s|CHECKUP^Check-up^L|ROUTINE^Routine^HL70276|15|min|^^15^%s^%s|||||%s||||%s|||||%s\r", x.visit, x.visit, reason, when, end, x.doctor, x.doctor, status)
	b.WriteString(x.pid())
	fmt.Fprintf(b, "PV1|1|O|CLINIC^1||||%s||||||||||||%s\r", x.doctor, x.visit)
	b.WriteString("RGS|1|A\r")
	fmt.Fprintf(b, "AIG|1|A|%s|D|||||%s|||15|min\r", x.doctor, when)
	b.WriteString("AIL|1|A|CLINIC^1\r")
}
