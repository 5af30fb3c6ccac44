package linkage

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"trestle/internal/linkage/normal"
	"trestle/internal/linkage/roster"
)

// person is the normal form of one row: what is compared. It is small because there are millions of them.
type person struct {
	first, middle             symbol // given names
	last, lastFirst, lastLast symbol // surname, and the two of a double one
	maiden                    symbol
	dob                       normal.Day
	initial                   rune // of the middle name
	ssn                       uint64
	last4                     uint16 // plus one; zero is none
	sex                       byte
	suffix                    byte // index of a generation, zero is none
	ssnValid                  bool
	newborn                   bool
	number                    symbol // of the house
	street                    symbol
	box                       symbol
	city, zip                 symbol
	home, mobile, work        uint64
	email, emailUser          symbol
	member                    uint64
	id                        uint64    // its own identifier
	others                    [3]uint64 // identifiers of other systems
}

// people are the normal forms of one roster.
type people struct {
	side   Side
	roster *roster.Roster
	list   []person
	ids    map[uint64]int32 // how many rows have the identifier, where more than one has
}

// tables are the symbols that both rosters share.
type tables struct {
	given, surname, street, small, mail *symbols
	aboutGiven, aboutSurname            []about
}

func newTables() *tables {
	return &tables{given: newSymbols(), surname: newSymbols(), street: newSymbols(), small: newSymbols(), mail: newSymbols()}
}

// workers is how many goroutines share work over records.
func workers() int { return max(1, min(runtime.GOMAXPROCS(0), 16)) }

// each calls use for stretches of 0 to n on all cores, and ends early when ctx does. Which goroutine takes which stretch
// is chance: use must not depend on it.
func each(ctx context.Context, n int, use func(worker, from, to int)) error {
	const stretch = 2048
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := 0
	for w := range workers() {
		wg.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				from := next
				next += stretch
				mu.Unlock()
				if from >= n {
					return
				}
				use(w, from, min(n, from+stretch))
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// columns are where a roster has what.
type columns struct {
	role   map[roster.Role]int
	others []int
	order  normal.Order
}

func columnsOf(r *roster.Roster) columns {
	c := columns{role: map[roster.Role]int{}}
	for _, role := range roster.Roles {
		c.role[role] = r.Column(role)
	}
	c.others = append(r.ColumnsOf(roster.OtherID), r.ColumnsOf(roster.PriorID)...)
	if i := c.role[roster.BirthDate]; i >= 0 && r.Columns[i].Dates == roster.DMY {
		c.order = normal.DayFirst
	}
	return c
}

// normalise makes the normal forms of a roster.
func normalise(ctx context.Context, side Side, r *roster.Roster, t *tables, o *Options) (*people, error) {
	p := &people{side: side, roster: r, list: make([]person, r.Len())}
	at := columnsOf(r)
	err := each(ctx, r.Len(), func(_, from, to int) {
		for i := from; i < to; i++ {
			t.person(&p.list[i], r, i, &at)
		}
		o.Progress.Add(int64(to - from))
	})
	return p, err
}

func (t *tables) person(p *person, r *roster.Roster, row int, at *columns) {
	value := func(role roster.Role) string {
		if i := at.role[role]; i >= 0 {
			return r.Cell(row, i)
		}
		return ""
	}
	first, last, middle := value(roster.FirstName), value(roster.LastName), value(roster.MiddleName)
	if first == "" && last == "" {
		last, first = splitName(value(roster.FullName))
	}
	given, more, newborn := normal.Given(first)
	p.newborn = newborn
	if newborn {
		given = "" // the stand-in names nobody
	}
	p.first = t.given.add(given)
	if m := normal.Fold(middle); !normal.Nothing(m) || len(m) == 1 {
		more = m
	}
	if more != "" {
		p.initial, _ = utf8.DecodeRuneInString(more)
		p.middle = t.given.add(more)
	}
	main, firstPart, lastPart, suffix := normal.Surname(last)
	p.last = t.surname.add(main)
	if lastPart != "" {
		p.lastFirst, p.lastLast = t.surname.add(firstPart), t.surname.add(lastPart)
	}
	if s := normal.Suffix(value(roster.NameSuffix)); s != "" {
		suffix = s
	}
	p.suffix = generations[suffix]
	if m, _, _, _ := normal.Surname(value(roster.MaidenName)); m != "" {
		p.maiden = t.surname.add(m)
	}
	p.dob, _ = normal.Date(value(roster.BirthDate), at.order)
	if year := value(roster.BirthYear); p.dob == 0 && year != "" {
		p.dob, _ = normal.Date(year+"-"+value(roster.BirthMonth)+"-"+value(roster.BirthDay), at.order)
	}
	p.sex = normal.Sex(value(roster.Sex))
	number, last4, valid := normal.SSN(value(roster.SSN))
	p.ssn, p.ssnValid = digitsValue(number), valid
	if last4 != "" {
		p.last4 = uint16(digitsValue(last4)) + 1
	}
	place := normal.Street(value(roster.StreetNumber), value(roster.Address), "")
	if place.Name == "" && place.Box == "" {
		place = normal.Street(value(roster.StreetNumber), "", value(roster.AddressMore))
	}
	p.number, p.street, p.box = t.small.add(place.Number), t.street.add(place.Name), t.small.add(place.Box)
	if c := normal.Fold(value(roster.City)); !normal.Nothing(c) {
		p.city = t.small.add(c)
	}
	p.zip = t.small.add(normal.PostalCode(value(roster.PostalCode)))
	p.home = digitsValue(normal.Phone(value(roster.HomePhone)))
	p.mobile = digitsValue(normal.Phone(value(roster.MobilePhone)))
	p.work = digitsValue(normal.Phone(value(roster.WorkPhone)))
	if e := normal.Email(value(roster.Email)); e != "" {
		p.email = t.mail.add(e)
		user, _, _ := strings.Cut(e, "@")
		p.emailUser = t.mail.add(user)
	}
	p.member = identifier(value(roster.MemberID))
	p.id = identifier(value(roster.ID))
	n := 0
	for _, c := range at.others {
		for _, v := range strings.Split(r.Cell(row, c), roster.Repeat) {
			if x := identifier(v); x != 0 && n < len(p.others) {
				p.others[n] = x
				n++
			}
		}
	}
}

// generations numbers suffixes so that jr and ii, which people mix up, are one.
var generations = map[string]byte{"sr": 1, "jr": 2, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}

// splitName parts a full name: "LAST, FIRST MIDDLE", "LAST^FIRST^MIDDLE" or "First Middle Last".
func splitName(s string) (last, first string) {
	for _, sep := range []string{",", "^"} {
		if l, f, ok := strings.Cut(s, sep); ok {
			return l, strings.ReplaceAll(f, "^", " ")
		}
	}
	if i := strings.LastIndexByte(strings.TrimSpace(s), ' '); i > 0 {
		s = strings.TrimSpace(s)
		return s[i+1:], s[:i]
	}
	return s, ""
}

// digitsValue reads up to 15 digits with a 1 before them, so that leading zeros count; 0 for "".
func digitsValue(d string) uint64 {
	if d == "" {
		return 0
	}
	v := uint64(1)
	for i := range min(len(d), 15) {
		v = v*10 + uint64(d[i]-'0')
	}
	return v
}

func identifier(s string) uint64 {
	if s == "" {
		return 0
	}
	if s = normal.Identifier(s); s == "" {
		return 0
	}
	return hash(3, s) | 1
}
