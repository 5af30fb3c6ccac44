package card

import (
	"trestle/internal/hl7"
)

// scheduleEvents says what the trigger events of SIU messages mean. HL7 v2.9.1 sections 10.4.1 to 10.4.15.
var scheduleEvents = map[string]string{
	"S12": "New appointment", "S13": "Appointment rescheduled", "S14": "Appointment modified", "S15": "Appointment cancelled", "S16": "Appointment discontinued",
	"S17": "Appointment deleted, as entered in error", "S18": "Service or resource added", "S19": "Service or resource modified", "S20": "Service or resource cancelled",
	"S21": "Service or resource discontinued", "S22": "Service or resource deleted", "S23": "Time slots blocked", "S24": "Time slots opened again",
	"S25": "Answer to a query for the schedule", "S26": "Patient did not show up",
}

// ScheduleEvent says in words what a trigger event of SIU messages means, "" for one that is none.
func ScheduleEvent(trigger string) string { return scheduleEvents[trigger] }

var (
	pathTrigger     = hl7.MustPath("MSH-9.2")
	pathMessageType = hl7.MustPath("MSH-9.1")
)

func (r *reader) appointment(s hl7.Segment) *Card {
	trigger := r.m.Get(pathTrigger).Text()
	title := scheduleEvents[trigger]
	if title == "" {
		title = "Appointment"
	}
	c := r.card(s, title, nil)
	if scheduleEvents[trigger] != "" {
		c.Lines = append(c.Lines, Line{Label: "Event", Value: title + " (" + trigger + ")", Path: "MSH-9"})
	}
	r.add(c, s, facts{
		{"Placer's number", 1, identifier}, {"Filler's number", 2, identifier}, {"Reason for the event", 6, coded}, {"Reason", 7, coded}, {"Type", 8, coded},
		{"Status", 25, coded}, {"Start", 11, timingStart}, {"End", 11, timingEnd}, {"Duration", 9, text}, {"Duration unit", 10, coded}, {"Contact", 16, person}, {"Telephone", 17, telephone}, {"Entered by", 20, person},
	})
	return c
}

// timingStart and timingEnd read SCH-11 (TQ), where versions before 2.5 have the time.
func timingStart(_ *reader, v hl7.Value) string { return spell(part(v, 4)) }
func timingEnd(_ *reader, v hl7.Value) string   { return spell(part(v, 5)) }

// timing adds the start from TQ1 or the first resource where SCH does not have it.
func (r *reader) timing(c *Card) {
	if c.Line("Start") != "" {
		return
	}
	for s := range r.m.Segments() {
		field, end := 0, 0
		switch s.Name() {
		case "TQ1":
			field, end = 7, 8
		case "AIS":
			field = 4
		case "AIG":
			field = 8
		case "AIL", "AIP":
			field = 6
		default:
			continue
		}
		if moment(r, s.Field(field)) == "" {
			continue
		}
		r.add(c, s, facts{{"Start", field, moment}})
		if end > 0 {
			r.add(c, s, facts{{"End", end, moment}})
		}
		return
	}
}

// resource is a service, thing, place or person of an appointment.
func (r *reader) resource(s hl7.Segment) *Card {
	switch s.Name() {
	case "AIS":
		return r.card(s, "Service", facts{{"Service", 3, coded}, {"Start", 4, moment}, {"Duration", 7, text}, {"Duration unit", 8, coded}, {"Status", 10, coded}})
	case "AIG":
		return r.card(s, "Resource", facts{{"Resource", 3, coded}, {"Type", 4, coded}, {"Start", 8, moment}, {"Duration", 11, text}, {"Duration unit", 12, coded}, {"Status", 14, coded}})
	case "AIL":
		return r.card(s, "Place", facts{{"Place", 3, location}, {"Type", 4, coded}, {"Start", 6, moment}, {"Duration", 9, text}, {"Duration unit", 10, coded}, {"Status", 12, coded}})
	}
	return r.card(s, "Person", facts{{"Person", 3, person}, {"Role", 4, coded}, {"Start", 6, moment}, {"Duration", 9, text}, {"Duration unit", 10, coded}, {"Status", 12, coded}})
}
