package linkage

import (
	"trestle/internal/linkage/lexicon"
	"trestle/internal/linkage/normal"
	"trestle/internal/linkage/similar"
)

// Field is one comparison of the model.
type Field uint8

// The fields. Household joins surname, address and the contacts of a household: they agree or differ together.
const (
	First Field = iota
	Middle
	BirthDay
	SexField
	SSNField
	Mobile
	Mail
	Generation
	Crosswalk
	Household
	Fields int = iota
)

var fieldNames = [Fields]string{"first name", "middle name", "birth date", "sex", "ssn", "mobile phone", "e-mail", "suffix", "identifier", "household"}

func (f Field) String() string { return fieldNames[f] }

// Level is how well two values of a field agree. Zero is missing on one side at least, which says nothing.
type Level uint8

// The levels of the fields.
const (
	Missing Level = 0
	Exact   Level = 1 // in every field

	FirstSlip     Level = 2 // one edit, and one of the two is nobody's name; or two letters exchanged
	FirstNickname Level = 3
	FirstClose    Level = 4 // one edit between two names, two nicknames of a third, or Jaro–Winkler of 0.9 and more
	FirstInitial  Level = 5 // one is an initial, or the beginning, of the other, or the other's middle name
	FirstSwapped  Level = 6 // it stands in the other's surname; if both do, the surname counts as exact
	FirstDiffers  Level = 7

	MiddleInitial Level = 2
	MiddleDiffers Level = 3

	BirthSlip    Level = 2 // one digit, two neighbours, or day and month exchanged
	BirthPartial Level = 3 // two of year, month and day
	BirthDiffers Level = 4

	SSNSlip    Level = 2
	SSNLast4   Level = 3 // where one side has no more
	SSNDiffers Level = 4

	MailClose   Level = 2 // one edit, or the same before the @
	MailAlike   Level = 3 // alike before the @, as addresses made from one name are
	MailDiffers Level = 4

	Differs Level = 2 // sex, mobile phone, suffix, identifier

	// parts of the household
	SurnameClose   Level = 2 // one edit, Jaro–Winkler of 0.9 and more, one of two surnames, a maiden name
	SurnameDiffers Level = 3
	AddressNear    Level = 2
	AddressArea    Level = 3 // only the postal code or the city
	AddressDiffers Level = 4
	ContactDiffers Level = 2
)

const (
	addressLevels = 5
	contactLevels = 3
	houseLevels   = 4 * addressLevels * contactLevels
)

// levelsOf is the number of levels of each field, the missing one included.
var levelsOf = [Fields]int{8, 4, 5, 3, 5, 3, 5, 3, 3, houseLevels}

// Pattern is the levels of all fields: four bits each, the household in eight. Pairs with the same pattern have the same
// weight but for how frequent their values are.
type Pattern uint64

// Level returns the level of a field; of the household its number among all combinations.
func (p Pattern) Level(f Field) Level {
	if f == Household {
		return Level(p >> (4 * Household) & 0xff)
	}
	return Level(p >> (4 * f) & 0xf)
}

// Surname returns the household's surname level.
func (p Pattern) Surname() Level { return p.Level(Household) / (addressLevels * contactLevels) }

// Address returns the household's address level.
func (p Pattern) Address() Level { return p.Level(Household) / contactLevels % addressLevels }

// Contact returns the level of the household's home phone and member identifier.
func (p Pattern) Contact() Level { return p.Level(Household) % contactLevels }

func (t *tables) compare(a, b *person) Pattern {
	surname := t.surnames(a, b)
	first := t.firsts(a, b)
	if surname == SurnameDiffers && first >= FirstInitial {
		switch t.exchangedNames(a, b) {
		case 2:
			first, surname = FirstSwapped, Exact // the name is the same, in the wrong cells
		case 1:
			first = FirstSwapped
		}
	}
	p := Pattern(first) |
		Pattern(t.middles(a, b))<<(4*Middle) |
		Pattern(births(a.dob, b.dob))<<(4*BirthDay) |
		Pattern(same(a.sex, b.sex))<<(4*SexField) |
		Pattern(numbers(a, b))<<(4*SSNField) |
		Pattern(mobiles(a, b))<<(4*Mobile) |
		Pattern(t.mails(a, b))<<(4*Mail) |
		Pattern(same(a.suffix, b.suffix))<<(4*Generation) |
		Pattern(crosswalks(a, b))<<(4*Crosswalk)
	house := (surname*addressLevels+t.addresses(a, b))*contactLevels + contacts(a, b)
	return p | Pattern(house)<<(4*Household)
}

// exchangedNames counts how many of two given names stand as the other's surname, as they are, mistyped or, for the
// second, as a nickname.
func (t *tables) exchangedNames(a, b *person) int {
	x, y := t.across(a.first, b.last), t.across(b.first, a.last)
	switch {
	case x && y:
		return 2
	case x && lexicon.Related(t.given.name(b.first), t.surname.name(a.last)), y && lexicon.Related(t.given.name(a.first), t.surname.name(b.last)):
		return 2
	case x || y:
		return 1
	}
	return 0
}

func (t *tables) across(first, last symbol) bool {
	x, y := t.given.name(first), t.surname.name(last)
	return x == y || len(x) > 4 && similar.OneEdit(x, y)
}

func same[T comparable](a, b T) Level {
	var none T
	switch {
	case a == none || b == none:
		return Missing
	case a == b:
		return Exact
	}
	return Differs
}

func (t *tables) firsts(a, b *person) Level {
	switch {
	case a.first == 0 || b.first == 0:
		return Missing
	case a.first == b.first:
		return Exact
	}
	u, v := &t.aboutGiven[a.first], &t.aboutGiven[b.first]
	if nickname(u, v) {
		return FirstNickname
	}
	x, y := t.given.name(a.first), t.given.name(b.first)
	may := mayBeAlike(u, v)
	near := may && similar.OneEdit(x, y) && min(len(x), len(y)) > 2
	// Names of twins rhyme; a slip is seldom in the first letter.
	if near && (x[0] == y[0] && (!u.name || !v.name) || sameLetters(x, y)) {
		return FirstSlip
	}
	if begins(x, y) || begins(y, x) {
		return FirstInitial
	}
	if near || lexicon.Meet(u.roots, v.roots) || may && similar.JaroWinkler(x, y) >= 0.9 {
		return FirstClose
	}
	if a.middle != 0 && a.middle == b.first || b.middle != 0 && b.middle == a.first {
		return FirstInitial
	}
	return FirstDiffers
}

// sameLetters says that two strings one edit apart have two neighbours exchanged.
func sameLetters(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	sum := 0
	for i := range len(a) {
		sum += int(a[i]) - int(b[i])
	}
	return sum == 0
}

// begins says whether short is an initial of long, or a beginning of three letters and more.
func begins(short, long string) bool {
	return len(short) < len(long) && (len(short) == 1 || len(short) >= 3) && long[:len(short)] == short
}

func (t *tables) middles(a, b *person) Level {
	switch {
	case a.initial == 0 || b.initial == 0:
		return Missing
	case a.middle == b.middle && len(t.given.name(a.middle)) > 1:
		return Exact
	case a.initial == b.initial:
		return MiddleInitial
	}
	return MiddleDiffers
}

func (t *tables) surnames(a, b *person) Level {
	switch {
	case a.last == 0 || b.last == 0:
		return Missing
	case a.last == b.last:
		return Exact
	case a.maiden != 0 && a.maiden == b.last, b.maiden != 0 && b.maiden == a.last:
		return SurnameClose
	case a.lastLast != 0 && (a.lastLast == b.last || a.lastFirst == b.last), b.lastLast != 0 && (b.lastLast == a.last || b.lastFirst == a.last):
		return SurnameClose
	case a.lastLast != 0 && a.lastLast == b.lastFirst && a.lastFirst == b.lastLast:
		return SurnameClose
	}
	if !mayBeAlike(&t.aboutSurname[a.last], &t.aboutSurname[b.last]) {
		return SurnameDiffers
	}
	x, y := t.surname.name(a.last), t.surname.name(b.last)
	if similar.OneEdit(x, y) && min(len(x), len(y)) > 2 || similar.JaroWinkler(x, y) >= 0.9 {
		return SurnameClose
	}
	return SurnameDiffers
}

func births(a, b normal.Day) Level {
	if a == 0 || b == 0 {
		return Missing
	}
	if a == b {
		return Exact
	}
	ay, am, ad := a.Parts()
	by, bm, bd := b.Parts()
	if ay == by && am == bd && ad == bm {
		return BirthSlip
	}
	digits, first, last := 0, -1, -1
	x, y := int(a), int(b)
	for i := 0; i < 8; i++ {
		if x%10 != y%10 {
			digits++
			if first < 0 {
				first = i
			}
			last = i
		}
		x, y = x/10, y/10
	}
	apart := ay-by > generation || by-ay > generation
	if digits == 1 && apart {
		return BirthPartial // 1956 and 1986: a slip, or father and son with one birthday
	}
	if digits == 1 || digits == 2 && last == first+1 && exchanged(int(a), int(b), first) {
		return BirthSlip
	}
	if apart {
		return BirthDiffers // father and son may have one birthday
	}
	equal := 0
	if ay == by {
		equal++
	}
	if am == bm && am != 0 {
		equal++
	}
	if ad == bd && ad != 0 {
		equal++
	}
	if equal == 2 || ad == 0 && ay == by || bd == 0 && ay == by {
		return BirthPartial
	}
	return BirthDiffers
}

// generation is the least number of years between parent and child.
const generation = 12

// exchanged says whether digit at, counted from the right, and the one before it changed places.
func exchanged(a, b, at int) bool {
	for range at {
		a, b = a/10, b/10
	}
	return a%10 == b/10%10 && a/10%10 == b%10
}

func numbers(a, b *person) Level {
	if a.ssn == 0 || b.ssn == 0 {
		if a.last4 == 0 || b.last4 == 0 {
			return Missing
		}
		if a.last4 == b.last4 {
			return SSNLast4
		}
		return SSNDiffers
	}
	if a.ssn == b.ssn {
		return Exact
	}
	digits, first, last := 0, -1, -1
	x, y := a.ssn, b.ssn
	for i := 0; x > 0 && y > 0; i++ {
		if x%10 != y%10 {
			digits++
			if first < 0 {
				first = i
			}
			last = i
		}
		x, y = x/10, y/10
	}
	switch {
	case x != y: // of different length
		return Missing
	case digits == 1, digits == 2 && last == first+1 && exchanged64(a.ssn, b.ssn, first):
		return SSNSlip
	case a.ssnValid != b.ssnValid: // one is an ITIN or no SSN at all: the person may have both
		return Missing
	}
	return SSNDiffers
}

func exchanged64(a, b uint64, at int) bool {
	for range at {
		a, b = a/10, b/10
	}
	return a%10 == b/10%10 && a/10%10 == b%10
}

// mobiles compares the phones of the person. A number that is the mobile phone in one system is often the only, "home",
// phone in the other.
func mobiles(a, b *person) Level {
	if a.mobile == 0 && b.mobile == 0 {
		return Missing
	}
	if a.mobile != 0 && (a.mobile == b.mobile || a.mobile == b.home || a.mobile == b.work) {
		return Exact
	}
	if b.mobile != 0 && (b.mobile == a.home || b.mobile == a.work) {
		return Exact
	}
	if a.mobile == 0 || b.mobile == 0 {
		return Missing
	}
	return Differs
}

func (t *tables) mails(a, b *person) Level {
	switch {
	case a.email == 0 || b.email == 0:
		return Missing
	case a.email == b.email:
		return Exact
	case a.emailUser == b.emailUser:
		return MailClose
	}
	x, y := t.mail.name(a.email), t.mail.name(b.email)
	if similar.OneEdit(x, y) {
		return MailClose
	}
	if similar.JaroWinkler(t.mail.name(a.emailUser), t.mail.name(b.emailUser)) >= 0.88 {
		return MailAlike
	}
	return MailDiffers
}

// crosswalks compares identifiers: the partner's identifier that one system keeps. Two identifiers of the two systems'
// own say nothing: the same digits from different authorities are a coincidence.
func crosswalks(a, b *person) Level {
	if a.others[0] == 0 && b.others[0] == 0 {
		return Missing
	}
	for _, x := range a.others {
		if x != 0 && x == b.id {
			return Exact
		}
	}
	for _, x := range b.others {
		if x != 0 && x == a.id {
			return Exact
		}
	}
	for _, x := range a.others {
		for _, y := range b.others {
			if x != 0 && x == y {
				return Exact
			}
		}
	}
	return Differs
}

func (t *tables) addresses(a, b *person) Level {
	if a.box != 0 && a.box == b.box && (a.zip == b.zip || a.city == b.city) {
		return Exact
	}
	if a.street != 0 && b.street != 0 {
		if a.street == b.street {
			switch {
			case a.number == b.number && a.number != 0:
				return Exact
			case a.number == 0 || b.number == 0 || similar.OneEdit(t.small.name(a.number), t.small.name(b.number)):
				return AddressNear
			}
		} else if a.number != 0 && a.number == b.number {
			x, y := t.street.name(a.street), t.street.name(b.street)
			if begins(x, y) || begins(y, x) || similar.JaroWinkler(x, y) >= 0.85 {
				return AddressNear
			}
		}
	}
	known := false
	if a.zip != 0 && b.zip != 0 {
		if a.zip == b.zip {
			return AddressArea
		}
		known = true
	}
	if a.city != 0 && b.city != 0 {
		if a.city == b.city && !known {
			return AddressArea
		}
		known = true
	}
	if known || a.street != 0 && b.street != 0 {
		return AddressDiffers
	}
	return Missing
}

// contacts compares what a household shares: the home phone and the identifier of the insurance membership.
func contacts(a, b *person) Level {
	phones := a.home != 0 && (b.home != 0 || b.work != 0) || b.home != 0 && a.work != 0
	members := a.member != 0 && b.member != 0
	switch {
	case !phones && !members:
		return Missing
	case a.home != 0 && (a.home == b.home || a.home == b.work), b.home != 0 && b.home == a.work, members && a.member == b.member:
		return Exact
	}
	return ContactDiffers
}
