package deidentify

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"trestle/internal/hl7"
)

// Policy says what is done with something that identifies no patient by itself.
type Policy int

const (
	Pseudonym Policy = iota
	Keep
	Remove
)

// Options choose what a Scrubber does.
type Options struct {
	Key []byte // secret; at least MinKey bytes. Pseudonyms of two keys have nothing to do with each other

	// SafeHarbor leaves of dates the year only, of addresses the state and three digits of the ZIP, and takes away social
	// security and fax numbers, years of birth that tell an age over 89, and such ages themselves.
	SafeHarbor bool

	// ShiftDays is how far the dates of a person are moved at most, all by the same keyed number of days; 0 is 30. It
	// keeps day-level dates and is therefore not Safe Harbor: it is for a limited data set or an expert's determination.
	ShiftDays   int
	KeepWeekday bool // shift by whole weeks; needs ShiftDays of 7 or more

	Staff     Policy // physicians and other staff: names and ids
	Sites     Policy // applications, facilities and assigning authorities
	Locations Policy // wards, rooms and beds

	// ScrubText takes out of free text what the message's other fields say about people, and numbers, dates and e-mail
	// addresses, and keeps the rest. Names that stand in no field remain: it is no safe default, and none.
	ScrubText bool

	// Allow lists fields that are kept as they are, such as "ZPI-3" or "NTE-3".
	Allow []string

	// Pseudonym, if not nil, is told each pseudonym that is given, for a map that leads back. What it gets is patient data.
	Pseudonym func(kind, original, pseudonym string)
}

// MinKey is the shortest key, in bytes.
const MinKey = 16

// DefaultShift is how far dates are moved at most, in days, if nothing is said.
const DefaultShift = 30

// Scrubber makes de-identified copies. It may be used by several goroutines at once if Options.Pseudonym may.
type Scrubber struct {
	o     Options
	key   []byte
	allow map[string]bool

	mu   sync.Mutex
	made map[[2]string]string // pseudonyms by kind and original, at most maxMade
}

// maxMade bounds the pseudonyms that are remembered. Staff and sites come again in every message, patients do not.
const maxMade = 1 << 15

// remembered makes a pseudonym, or takes one that was made before: it is a function of kind and value only.
func (s *Scrubber) remembered(kind, v string, f func(string) string) string {
	key := [2]string{kind, v}
	s.mu.Lock()
	to, ok := s.made[key]
	s.mu.Unlock()
	if ok {
		return to
	}
	to = f(v)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.made) >= maxMade {
		clear(s.made)
	}
	s.made[key] = to
	return to
}

// ErrKey is in the error of New for a key that is too short.
var ErrKey = errors.New("the key is too short")

// New returns a Scrubber.
func New(o Options) (*Scrubber, error) {
	if len(o.Key) < MinKey {
		return nil, fmt.Errorf("%w: it has %d bytes and needs at least %d; make one with a generator of random numbers and keep it with the project", ErrKey, len(o.Key), MinKey)
	}
	if o.ShiftDays == 0 {
		o.ShiftDays = DefaultShift
	}
	if o.ShiftDays < 1 || o.ShiftDays > 3650 {
		return nil, errors.New("dates can be shifted by 1 to 3650 days at most")
	}
	if o.KeepWeekday && o.ShiftDays < 7 {
		return nil, errors.New("days of the week stay the same only if dates may be shifted by 7 days or more")
	}
	sum := sha256.Sum256(append([]byte("trestle de-identification\x00"), o.Key...))
	s := &Scrubber{o: o, key: sum[:], allow: map[string]bool{}, made: map[[2]string]string{}}
	for _, a := range o.Allow {
		p, err := hl7.ParsePath(a)
		if err != nil {
			return nil, err
		}
		if p.Field <= 0 || len(p.Groups) > 0 || p.Component != 0 {
			return nil, fmt.Errorf("%s: only a whole field can be allowed, such as ZPI-3", a)
		}
		s.allow[place(p.Segment, p.Field)] = true
	}
	return s, nil
}

func place(segment string, field int) string { return fmt.Sprintf("%s-%d", segment, field) }

// digest is the keyed hash of a value for a purpose. Purposes do not share pseudonyms.
func (s *Scrubber) digest(purpose, value string) [32]byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(purpose))
	h.Write([]byte{0})
	h.Write([]byte(value))
	return [32]byte(h.Sum(nil))
}

// pick is a keyed number below n.
func (s *Scrubber) pick(purpose, value string, n int) int {
	d := s.digest(purpose, value)
	x := uint64(0)
	for _, b := range d[:8] {
		x = x<<8 | uint64(b)
	}
	return int(x % uint64(n))
}

// shift is by how many days the dates of a person are moved; never 0.
func (s *Scrubber) shift(person string) int {
	n, unit := s.o.ShiftDays, 1
	if s.o.KeepWeekday {
		n, unit = n/7, 7
	}
	k := s.pick("shift", person, 2*n) - n
	if k >= 0 {
		k++
	}
	return k * unit
}

// date moves a date by days, or leaves its year only; what is no date is taken away. Precision and the rest of the time stay.
// HL7 v2.9.1 section 2.A.21: YYYY[MM[DD[HH[MM[SS[.S...]]]]]][+/-ZZZZ].
func (s *Scrubber) date(text string, days int) (string, bool) {
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	if digits < 4 || digits > 14 || digits%2 != 0 || strings.Trim(text[digits:], "0123456789.+- ") != "" || len(text) > 26 {
		return "", false
	}
	year := text[:4]
	if year < "1800" || year > "2199" {
		return "", false
	}
	if s.o.SafeHarbor {
		return year, true
	}
	layout, middle := "20060102", 0
	switch digits {
	case 4:
		layout, middle = "2006", 182
	case 6:
		layout, middle = "200601", 14
	}
	t, err := time.Parse(layout, text[:min(digits, 8)])
	if err != nil {
		return "", false
	}
	return t.AddDate(0, 0, middle+days).Format(layout) + text[min(digits, 8):], true
}
