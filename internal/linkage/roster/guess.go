package roster

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unsafe"
)

// view reads bytes that are never written again as a string.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func trim(s string) string { return strings.TrimSpace(s) }

func manyAllowed(role Role) bool { return slices.Contains(several, role) }

// index builds the map from roles to columns.
func (r *Roster) index() {
	r.column = map[Role]int{}
	for i, c := range r.Columns {
		if _, ok := r.column[c.Role]; !ok && c.Role != Ignore {
			r.column[c.Role] = i
		}
	}
}

// heading reduces a column's name to letters and digits.
func heading(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// guess gives roles to columns without one: by heading first, then by contents.
func (r *Roster) guess() {
	taken := map[Role]int{}
	for i, c := range r.Columns {
		if c.Role != Ignore {
			taken[c.Role] = i
		}
	}
	var ids []int
	for i := range r.Columns {
		c := &r.Columns[i]
		if c.Role != Ignore {
			continue
		}
		name := heading(c.Name)
		role, ok := roleOfHeading[name]
		if !ok {
			if short := strings.TrimPrefix(strings.TrimPrefix(name, "patient"), "pt"); short != name {
				role, ok = roleOfHeading[short]
			}
		}
		switch {
		case !ok:
			continue
		case role == ID:
			ids = append(ids, i)
			continue
		case role == OtherID:
		default:
			if j, ok := taken[role]; ok {
				// "Phone" and "Home phone", "Address" and "Street": the second is not lost where another role fits.
				if role == HomePhone {
					if _, used := taken[WorkPhone]; !used {
						role = WorkPhone
					}
				}
				if taken[role] == j {
					c.Why = fmt.Sprintf("its heading says %s, which %q has already", role, r.Columns[j].Name)
					continue
				}
			}
		}
		c.Role, c.Why = role, "by its heading"
		taken[role] = i
	}
	r.wholeBirthday(taken)
	r.index()
	sample := r.sample()
	r.guessID(ids, taken, sample)
	r.partnerIDs(taken)
	r.guessByContents(taken, sample)
	r.index()
	for i := range r.Columns {
		if r.Columns[i].Role == BirthDate && r.Columns[i].Dates == AnyOrder {
			r.Columns[i].Dates = r.dateOrder(i)
		}
	}
}

// wholeBirthday takes "birthday" for a date where no column of its own has the year.
func (r *Roster) wholeBirthday(taken map[Role]int) {
	day, ok := taken[BirthDay]
	_, year := taken[BirthYear]
	_, date := taken[BirthDate]
	if ok && !year && !date {
		delete(taken, BirthDay)
		r.Columns[day].Role = BirthDate
		taken[BirthDate] = day
	}
}

// partnerIDs takes columns such as "lakeside_mrn" for the other system's identifiers, once it is known which is the own.
func (r *Roster) partnerIDs(taken map[Role]int) {
	if _, ok := taken[ID]; !ok {
		return
	}
	for i := range r.Columns {
		if c := &r.Columns[i]; c.Role == Ignore && strings.HasSuffix(heading(c.Name), "mrn") {
			c.Role, c.Why = OtherID, "by the end of its heading"
		}
	}
}

// sample returns up to 2,000 rows, spread evenly.
func (r *Roster) sample() []int {
	step := max(1, r.Len()/2000)
	var rows []int
	for i := 0; i < r.Len(); i += step {
		rows = append(rows, i)
	}
	return rows
}

// shape counts what the cells of one column look like in a sample.
type shape struct {
	filled, distinct                        int
	dates, ssn, phone, email, zip, sex, ids int
	words                                   int
}

func (r *Roster) shape(col int, sample []int) shape {
	var s shape
	seen := map[string]bool{}
	for _, row := range sample {
		v := trim(r.Cell(row, col))
		if v == "" {
			continue
		}
		s.filled++
		seen[v] = true
		digits, letters, other := count(v)
		switch {
		case strings.Contains(v, "@") && strings.Contains(v, "."):
			s.email++
		case looksLikeDate(v):
			s.dates++
		case digits == 9 && letters == 0 && len(v) == 11 && v[3] == '-' && v[6] == '-':
			s.ssn++
		case (digits == 10 || digits == 11) && letters == 0 && other > 0:
			s.phone++
		case letters == 0 && (digits == 5 && other == 0 || digits == 9 && len(v) == 10 && v[5] == '-'):
			s.zip++
		case digits == 0 && isSex(v):
			s.sex++
		case digits >= 3:
			s.ids++
		case digits == 0 && letters > 1:
			s.words++
		}
	}
	s.distinct = len(seen)
	return s
}

func count(v string) (digits, letters, other int) {
	for _, c := range v {
		switch {
		case unicode.IsDigit(c):
			digits++
		case unicode.IsLetter(c):
			letters++
		default:
			other++
		}
	}
	return
}

func isSex(v string) bool {
	switch strings.ToLower(v) {
	case "m", "f", "u", "o", "x", "male", "female", "unknown", "other":
		return true
	}
	return false
}

// looksLikeDate wants eight digits that begin with a century or digits parted by / or - into three.
func looksLikeDate(v string) bool {
	if len(v) > 10 && (v[10] == 'T' || v[10] == ' ') {
		v = v[:10]
	}
	if len(v) == 8 && onlyDigits(v) {
		return (v[:2] == "19" || v[:2] == "20" || v[:2] == "18") && v[4:6] <= "12" && v[4:6] >= "01" && v[6:] >= "01" && v[6:] <= "31"
	}
	parts := strings.FieldsFunc(v, func(c rune) bool { return c == '/' || c == '-' || c == '.' })
	if len(parts) != 3 || len(v) < 6 || len(v) > 11 {
		return false
	}
	for i, p := range parts {
		if onlyDigits(p) && (len(p) <= 2 || len(p) == 4) || i == 1 && len(p) == 3 {
			continue
		}
		return false
	}
	return true
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// guessID chooses the identifier among the columns whose headings say so, or, without one, among all: filled in nearly
// every row and hardly ever repeated. The others become further identifiers.
func (r *Roster) guessID(ids []int, taken map[Role]int, sample []int) {
	if _, ok := taken[ID]; ok {
		for _, i := range ids {
			r.Columns[i].Role, r.Columns[i].Why = OtherID, "its heading says identifier, and another column is it"
		}
		return
	}
	best, score := -1, 0.0
	named := len(ids) > 0
	if !named {
		for i, c := range r.Columns {
			if c.Role == Ignore || c.Role == OtherID {
				ids = append(ids, i)
			}
		}
	}
	for _, i := range ids {
		s := r.shape(i, sample)
		if s.filled == 0 {
			continue
		}
		v := float64(s.filled) / float64(len(sample)) * float64(s.distinct) / float64(s.filled)
		if !named && (v < 0.95 || s.dates+s.email+s.phone+s.words > s.filled/2) {
			continue
		}
		if v > score+0.01 {
			best, score = i, v
		}
	}
	if best < 0 {
		if len(r.Columns) > 0 && r.Len() > 0 {
			r.Notes = append(r.Notes, "No column was recognised as the identifier; rows are named by their line. Give one the role \"id\".")
		}
		for _, i := range ids {
			if named {
				r.Columns[i].Role, r.Columns[i].Why = OtherID, "its heading says identifier"
			}
		}
		return
	}
	for _, i := range ids {
		if i == best {
			r.Columns[i].Role = ID
			r.Columns[i].Why = "by its heading"
			if !named {
				r.Columns[i].Why = "it is filled in nearly every row and hardly ever repeated"
			}
		} else if named {
			r.Columns[i].Role, r.Columns[i].Why = OtherID, fmt.Sprintf("its heading says identifier; %q is filled or distinct more often", r.Columns[best].Name)
		}
	}
	taken[ID] = best
}

// guessByContents gives unmistakable contents a role: dates, social security numbers, e-mail addresses, sex. Names and
// bare numbers are left to the user.
func (r *Roster) guessByContents(taken map[Role]int, sample []int) {
	for i := range r.Columns {
		c := &r.Columns[i]
		if c.Role != Ignore || c.Why != "" {
			continue
		}
		s := r.shape(i, sample)
		if s.filled < 3 {
			continue
		}
		most := func(n int) bool { return n*10 >= s.filled*9 }
		var role Role
		switch {
		case most(s.email):
			role = Email
		case most(s.ssn):
			role = SSN
		case most(s.phone):
			role = HomePhone
		case most(s.sex) && s.distinct <= 8:
			role = Sex
		case most(s.dates) && s.distinct > s.filled/20 && r.oldDates(i, sample) && !dated(c.Name):
			role = BirthDate
		}
		if _, used := taken[role]; used && role == HomePhone {
			role = MobilePhone
		}
		if _, used := taken[role]; used || role == Ignore {
			continue
		}
		c.Role, c.Why = role, "by its contents"
		taken[role] = i
	}
}

// dated says that a heading names another date than that of birth.
func dated(name string) bool {
	name = heading(name)
	for _, word := range []string{"admi", "disch", "visit", "death", "update", "creat", "modif", "regist", "effective", "expir", "service", "appoint", "last"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// oldDates says that years spread over decades, as those of births do.
func (r *Roster) oldDates(col int, sample []int) bool {
	decades := map[string]bool{}
	for _, row := range sample {
		v := trim(r.Cell(row, col))
		for i := 0; i+4 <= len(v); i++ {
			if y := v[i : i+4]; onlyDigits(y) && (y[:2] == "19" || y[:2] == "20") {
				decades[y[:3]] = true
				break
			}
		}
	}
	return len(decades) >= 4
}

// dateOrder finds the order of day and month: a part above 12 decides, and the order with more of them wins.
func (r *Roster) dateOrder(col int) DateOrder {
	var ymd, mdy, dmy, slashed int
	for _, row := range r.sample() {
		v := trim(r.Cell(row, col))
		if len(v) == 8 && onlyDigits(v) {
			if v[:2] == "19" || v[:2] == "20" || v[:2] == "18" {
				ymd++
				continue
			}
			a, b := v[:2], v[2:4]
			slashed++
			if a > "12" && b <= "12" {
				dmy++
			} else if b > "12" && a <= "12" {
				mdy++
			}
			continue
		}
		parts := strings.FieldsFunc(v, func(c rune) bool { return c < '0' || c > '9' })
		if len(parts) < 3 {
			continue
		}
		if len(parts[0]) == 4 {
			ymd++
			continue
		}
		slashed++
		a, b := number(parts[0]), number(parts[1])
		switch {
		case a > 12 && b <= 12:
			dmy++
		case b > 12 && a <= 12:
			mdy++
		}
	}
	switch {
	case ymd > slashed:
		return YMD
	case dmy > mdy*4:
		return DMY
	case mdy > 0 && mdy >= dmy*4:
		return MDY
	case slashed > 0:
		r.Notes = append(r.Notes, fmt.Sprintf("The dates in %q do not show whether month or day comes first; month is taken. Say it in the specification (dates: DMY) if not.", r.Columns[col].Name))
		return MDY
	}
	return YMD
}

func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
		if n > 9999 {
			return n
		}
	}
	return n
}
