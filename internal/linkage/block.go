package linkage

import (
	"cmp"
	"context"
	"slices"
)

// Key is one way in which two records become candidates: equal in a key, they are compared.
type Key uint8

// The keys. Records are candidates if they agree in any.
const (
	KeySSN               Key = iota
	KeyNames                 // both names, in either order
	KeySurnameSoundBirth     // Soundex of the surname and the birth date
	KeyFirstBirth
	KeyInitialsBirth // initials in either order and the birth date
	KeyPhone
	KeyMail
	KeyMember
	KeyHouse // house number, street and initial of the given name
	KeyAreaNames
	KeyCrosswalk
	KeyLast4
	KeySoundsYear  // Soundex of both names and the year of birth
	KeyBirthTurned // day and month in either order, with the beginning of the given name
	KeySurnameYear // surname and year, month of birth
	KeyFirstDayArea
	KeyStreetBirth     // house number, street and year of birth
	KeySounds          // Soundex of both names and the city
	KeyAddress         // house number and street
	KeyBirthArea       // birth date and postal code
	KeyFirst           // given name, in small rosters only
	KeySurname         // surname, in small rosters only
	Keys           int = iota
)

var keyNames = [Keys]string{
	"SSN", "both names", "sound of the surname, birth date", "given name, birth date", "initials, birth date", "phone", "e-mail",
	"member identifier", "house, initial", "sound of the surname, initial, postal code", "identifier", "last four of the SSN, initial",
	"sound of both names, birth year", "birth date with day and month exchanged, initial", "surname, birth year and month",
	"given name, birth day, area", "house, birth year", "sound of both names, area", "house", "birth date, postal code", "given name", "surname",
}

func (k Key) String() string { return keyNames[k] }

// join hashes parts of a key; any part that is missing takes the key away.
func join(k Key, parts ...uint64) uint64 {
	h := uint64(k) + 0x51ed270b
	for _, p := range parts {
		if p == 0 {
			return 0
		}
		h = mix(h ^ p*0x9e3779b97f4a7c15)
	}
	return h | 1
}

func ordered(a, b uint64) (uint64, uint64) {
	if a == 0 || b == 0 {
		return 0, 0
	}
	return min(a, b), max(a, b)
}

// blockKeys is what one record is found by: up to three values for some keys.
type blockKeys struct {
	key   [40]Key
	value [40]uint64
	n     int
}

func (b *blockKeys) add(k Key, v uint64) {
	if v != 0 && b.n < len(b.key) {
		b.key[b.n], b.value[b.n] = k, v
		b.n++
	}
}

func (t *tables) keys(p *person, b *blockKeys) {
	b.n = 0
	dob := uint64(p.dob)
	year, month, day := p.dob.Parts()
	var firstSound, lastSound, firstLetter, lastLetter uint64
	if p.first != 0 {
		firstSound = uint64(t.aboutGiven[p.first].soundex)
		firstLetter = initial(t.given.name(p.first))
	}
	if p.last != 0 {
		lastSound = uint64(t.aboutSurname[p.last].soundex)
		lastLetter = initial(t.surname.name(p.last))
	}
	b.add(KeySSN, join(KeySSN, p.ssn))
	if p.first != 0 && p.last != 0 {
		x, y := ordered(hash(4, t.given.name(p.first)), hash(4, t.surname.name(p.last)))
		b.add(KeyNames, join(KeyNames, x, y))
	}
	b.add(KeySurnameSoundBirth, join(KeySurnameSoundBirth, lastSound, dob))
	b.add(KeyFirstBirth, join(KeyFirstBirth, uint64(p.first), dob))
	x, y := ordered(firstLetter, lastLetter)
	b.add(KeyInitialsBirth, join(KeyInitialsBirth, x, y, dob))
	b.add(KeyPhone, join(KeyPhone, p.home))
	if p.mobile != p.home {
		b.add(KeyPhone, join(KeyPhone, p.mobile))
	}
	if p.work != p.home && p.work != p.mobile {
		b.add(KeyPhone, join(KeyPhone, p.work))
	}
	b.add(KeyMail, join(KeyMail, uint64(p.email)))
	b.add(KeyMail, join(KeyMail, 7, uint64(p.emailUser)))
	b.add(KeyMember, join(KeyMember, p.member))
	b.add(KeyHouse, join(KeyHouse, uint64(p.number), uint64(p.street), firstLetter))
	b.add(KeyAreaNames, join(KeyAreaNames, lastSound, firstLetter, p.area()))
	b.add(KeyCrosswalk, join(KeyCrosswalk, p.id))
	for _, o := range p.others {
		b.add(KeyCrosswalk, join(KeyCrosswalk, o))
	}
	if p.last4 > 0 {
		b.add(KeyLast4, join(KeyLast4, uint64(p.last4), firstLetter))
	}
	if p.dob != 0 {
		b.add(KeySoundsYear, join(KeySoundsYear, lastSound, firstSound, uint64(year)))
		lo, hi := ordered(uint64(month)+1, uint64(day)+1)
		b.add(KeyBirthTurned, join(KeyBirthTurned, firstSound, uint64(year), lo, hi))
		b.add(KeySurnameYear, join(KeySurnameYear, lastSound, uint64(year), uint64(month)+1))
		b.add(KeyFirstDayArea, join(KeyFirstDayArea, firstSound, uint64(month)+1, uint64(day)+1, p.area()))
		b.add(KeyStreetBirth, join(KeyStreetBirth, uint64(p.street), uint64(year)))
	}
	b.add(KeyFirst, join(KeyFirst, uint64(p.first)))
	b.add(KeySurname, join(KeySurname, uint64(p.last)))
	b.add(KeyAddress, join(KeyAddress, uint64(p.number), uint64(p.street)))
	b.add(KeyBirthArea, join(KeyBirthArea, dob, p.area()))
	b.add(KeySounds, join(KeySounds, firstSound, lastSound, uint64(p.city)))
}

func initial(name string) uint64 {
	for _, r := range name {
		return uint64(r)
	}
	return 0
}

// area is the postal code, or without it the city.
func (p *person) area() uint64 {
	if p.zip != 0 {
		return uint64(p.zip)
	}
	return uint64(p.city) << 32
}

// index finds the records of one roster that share a key with a record.
type index struct {
	offsets []uint32
	values  []uint64
	records []int32
	shift   uint
	limit   int    // records that one value may have
	keys    uint32 // the keys in use, as bits
}

// oversized is the least number of records at which a value of a key says too little.
const oversized = 60

func (t *tables) index(ctx context.Context, people []person, keys uint32) (*index, error) {
	x := &index{keys: keys, limit: oversized}
	bits := uint(8)
	for 1<<bits < len(people)*8 {
		bits++
	}
	x.shift = 64 - bits
	counts := make([]uint32, 1<<bits+1)
	var b blockKeys
	total := 0
	pass := func(use func(i int, value uint64)) error {
		for i := range people {
			if i%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			t.keys(&people[i], &b)
			for j := range b.n {
				if keys>>b.key[j]&1 == 1 {
					use(i, b.value[j])
				}
			}
		}
		return nil
	}
	err := pass(func(_ int, v uint64) {
		counts[v>>x.shift+1]++
		total++
	})
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	x.offsets = counts
	x.values, x.records = make([]uint64, total), make([]int32, total)
	next := slices.Clone(counts[:len(counts)-1])
	err = pass(func(i int, v uint64) {
		at := next[v>>x.shift]
		next[v>>x.shift]++
		x.values[at], x.records[at] = v, int32(i)
	})
	return x, err
}

// finder looks up candidates without finding one twice. It belongs to one goroutine.
type finder struct {
	x     *index
	seen  []uint32 // by record: the lookup that found it last
	stamp uint32
	found []candidateKeys
	where []int32
	skip  [Keys]int64 // lookups whose value was oversized
	b     blockKeys
}

// candidateKeys is a record that was found, and by which keys, as bits.
type candidateKeys struct {
	record int32
	keys   uint32
}

func (x *index) finder(records int) *finder {
	return &finder{x: x, seen: make([]uint32, records), where: make([]int32, records)}
}

// find returns the records above least that share a key with p, in ascending order; the slice is used again by the next
// call.
func (f *finder) find(t *tables, p *person, least int32) []candidateKeys {
	f.stamp++
	f.found = f.found[:0]
	t.keys(p, &f.b)
	for j := range f.b.n {
		k, v := f.b.key[j], f.b.value[j]
		if f.x.keys>>k&1 == 0 {
			continue
		}
		bucket := v >> f.x.shift
		from, to := f.x.offsets[bucket], f.x.offsets[bucket+1]
		n := 0
		for at := from; at < to; at++ {
			if f.x.values[at] == v {
				n++
			}
		}
		if n == 0 {
			continue
		}
		if n > f.x.limit {
			f.skip[k]++
			continue
		}
		for at := from; at < to; at++ {
			r := f.x.records[at]
			if f.x.values[at] != v || r <= least {
				continue
			}
			if f.seen[r] != f.stamp {
				f.seen[r] = f.stamp
				f.where[r] = int32(len(f.found))
				f.found = append(f.found, candidateKeys{record: r})
			}
			f.found[f.where[r]].keys |= 1 << k
		}
	}
	slices.SortFunc(f.found, func(a, b candidateKeys) int { return cmp.Compare(a.record, b.record) })
	return f.found
}
