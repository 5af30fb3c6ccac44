package fhirpath

import (
	"math/big"
	"strconv"
	"strings"
)

// dimension counts the base units of UCUM that a unit is made of.
type dimension [len(baseUnits)]int8

// baseUnits are those of UCUM, and what clinical units count that UCUM gives no dimension but that must not be mixed.
var baseUnits = [...]string{"m", "s", "g", "rad", "K", "C", "cd", "[IU]", "[pH]", "[arb'U]"}

// String writes the unit: g.m-1 as g/m, m.m as m2.
func (d dimension) String() string {
	var b strings.Builder
	write := func(unit string, n int8) {
		b.WriteString(unit)
		if n > 1 {
			b.WriteString(strconv.Itoa(int(n)))
		}
	}
	for i, n := range d {
		if n > 0 {
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			write(baseUnits[i], n)
		}
	}
	for i, n := range d {
		if n < 0 {
			b.WriteByte('/')
			write(baseUnits[i], -n)
		}
	}
	switch {
	case b.Len() == 0:
		return "1"
	case b.String()[0] == '/':
		return "1" + b.String()
	}
	return b.String()
}

// unit is a unit in terms of base units. A special one (Celsius) has an offset beside its factor.
type unit struct {
	factor    *big.Rat
	dimension dimension
	special   *big.Rat // to be added to a value, before the factor
}

func (u unit) base(d Decimal) *big.Rat {
	r := d.rat()
	if u.special != nil {
		r.Add(r, u.special)
	}
	return r.Mul(r, u.factor)
}

var prefixes = map[string]int{
	"Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
	"d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}

// metricUnits may have a prefix, plainUnits may not. Each is a number and a unit made of earlier ones. The selection is
// ours: the units of clinical data; figures are those of UCUM 2.1.
const metricUnits = `
m 1 m
s 1 s
g 1 g
rad 1 rad
K 1 K
C 1 C
cd 1 cd
[IU] 1 [IU]
[iU] 1 [IU]
U 10.036894 1/s
mol 602213670000000000000000 1
sr 1 rad2
Hz 1 s-1
N 1 kg.m/s2
Pa 1 N/m2
J 1 N.m
W 1 J/s
A 1 C/s
V 1 J/C
F 1 C/V
Ohm 1 V/A
S 1 Ohm-1
Wb 1 V.s
T 1 Wb/m2
H 1 Wb/A
lm 1 cd.sr
lx 1 lm/m2
Bq 1 s-1
Gy 1 J/kg
Sv 1 J/kg
kat 1 mol/s
l 1 dm3
L 1 dm3
t 1000 kg
ar 100 m2
bar 100000 Pa
m[Hg] 133322 Pa
m[H2O] 9806.65 Pa
eq 1 mol
osm 1 mol
cal 4.184 J
[Cal] 4184 J
dyn 0.00001 N
erg 0.0000001 J
eV 0.000000000000000000160217733 J
u 0.0000000000000000000000016605402 g
g% 1 g/dl
St 0.0001 m2/s
P 0.1 Pa.s
Ci 37000000000 Bq
R 0.000258 C/kg
RAD 0.01 Gy
REM 0.01 Sv
[arb'U] 1 [arb'U]
[USP'U] 1 [arb'U]
[CFU] 1 1
[pH] 1 [pH]
`

const plainUnits = `
10* 10 1
10^ 10 1
[pi] 3.1415926535897932384626433832795 1
% 0.01 1
[ppth] 0.001 1
[ppm] 0.000001 1
[ppb] 0.000000001 1
min 60 s
h 60 min
d 24 h
wk 7 d
a_j 365.25 d
a 365.25 d
a_t 365.24219 d
mo_j 30.4375 d
mo 30.4375 d
deg 0.01745329251994329576923690768489 rad
' 0.0002908882086657215961539484614 rad
'' 0.00000484813681109535993589914102 rad
atm 101325 Pa
[in_i] 2.54 cm
[ft_i] 12 [in_i]
[yd_i] 3 [ft_i]
[mi_i] 5280 [ft_i]
[in_us] 2.540005080010160020320040640081 cm
[sft_i] 1 [ft_i]2
[sin_i] 1 [in_i]2
[cin_i] 1 [in_i]3
[gr] 64.79891 mg
[lb_av] 7000 [gr]
[oz_av] 0.0625 [lb_av]
[dr_av] 0.0625 [oz_av]
[stone_av] 14 [lb_av]
[lb_ap] 5760 [gr]
[oz_ap] 480 [gr]
[oz_tr] 480 [gr]
[gal_us] 231 [in_i]3
[qt_us] 0.25 [gal_us]
[pt_us] 0.5 [qt_us]
[foz_us] 0.0625 [pt_us]
[cup_us] 16 [tbs_us]
[tbs_us] 0.5 [foz_us]
[tsp_us] 0.3333333333333333333333333333333333 [tbs_us]
[gal_br] 4.54609 l
[pt_br] 0.568261250 l
[foz_br] 0.0284130625 l
[drp] 0.05 ml
[psi] 6894.757293168361 Pa
[lbf_av] 4.4482216152605 N
[in_i'Hg] 3386.3788 Pa
[HPF] 1 1
[LPF] 100 1
[degR] 0.5555555555555555555555555555555556 K
[car_m] 0.2 g
[Ch] 0.333333333333333333333333333 mm
[diop] 1 /m
[kn_i] 1852 m/h
[nmi_i] 1852 m
`

// specialUnits are temperatures: an offset in the unit, then the factor to Kelvin.
var specialUnits = map[string]unit{
	"Cel":    {big.NewRat(1, 1), dimension{4: 1}, big.NewRat(27315, 100)},
	"[degF]": {big.NewRat(5, 9), dimension{4: 1}, big.NewRat(45967, 100)},
}

// atoms are the units by code. They are made once, from the tables above.
var metric, plain = func() (metric, plain map[string]unit) {
	metric, plain = map[string]unit{}, map[string]unit{}
	for i, name := range baseUnits {
		u := unit{factor: big.NewRat(1, 1)}
		u.dimension[i] = 1
		metric[name] = u
	}
	pending := [][]string{}
	for i, table := range []string{metricUnits, plainUnits} {
		for l := range strings.Lines(strings.TrimSpace(table)) {
			pending = append(pending, append(strings.Fields(l), strconv.Itoa(i)))
		}
	}
	p := unitParser{metric: metric, plain: plain}
	for range 8 { // some are made of units that come later
		for _, f := range pending {
			u, ok := p.parse(f[2])
			if !ok {
				continue
			}
			n, _ := new(big.Rat).SetString(f[1])
			u.factor = new(big.Rat).Mul(u.factor, n)
			if f[3] == "0" {
				metric[f[0]] = u
			} else {
				plain[f[0]] = u
			}
		}
	}
	return metric, plain
}()

// parseUnit reads a code of UCUM: terms with . and /, exponents, factors, parentheses and {annotations}.
func parseUnit(code string) (unit, bool) {
	if u, ok := specialUnits[code]; ok {
		return u, true
	}
	p := unitParser{metric: metric, plain: plain}
	return p.parse(code)
}

type unitParser struct {
	metric, plain map[string]unit
	rest          string
	depth         int
}

func (p *unitParser) parse(code string) (unit, bool) {
	if len(code) > 100 {
		return unit{}, false
	}
	p.rest = code
	p.depth = 0
	u, ok := p.term()
	return u, ok && p.rest == ""
}

func (p *unitParser) term() (unit, bool) {
	total := unit{factor: big.NewRat(1, 1)}
	if p.depth++; p.depth > 10 {
		return total, false
	}
	defer func() { p.depth-- }()
	sign := 1
	if strings.HasPrefix(p.rest, "/") {
		p.rest, sign = p.rest[1:], -1
	}
	for {
		u, ok := p.component()
		if !ok {
			return total, false
		}
		total = total.times(u, sign)
		switch {
		case strings.HasPrefix(p.rest, "."):
			sign = 1
		case strings.HasPrefix(p.rest, "/"):
			sign = -1
		default:
			return total, true
		}
		p.rest = p.rest[1:]
	}
}

func (u unit) times(o unit, power int) unit {
	r := unit{factor: new(big.Rat).Set(u.factor), dimension: u.dimension}
	for i := range r.dimension {
		r.dimension[i] += int8(power) * o.dimension[i]
	}
	for range max(power, -power) {
		if power > 0 {
			r.factor.Mul(r.factor, o.factor)
		} else {
			r.factor.Quo(r.factor, o.factor)
		}
	}
	return r
}

func (p *unitParser) component() (unit, bool) {
	one := unit{factor: big.NewRat(1, 1)}
	if strings.HasPrefix(p.rest, "(") {
		p.rest = p.rest[1:]
		u, ok := p.term()
		if !ok || !strings.HasPrefix(p.rest, ")") {
			return u, false
		}
		p.rest = p.rest[1:]
		return one.times(u, p.exponent()), true
	}
	if p.annotation() {
		return one, true
	}
	end := 0
	inside := false
	for end < len(p.rest) && (inside || strings.IndexByte("./(){", p.rest[end]) < 0) {
		switch p.rest[end] {
		case '[':
			inside = true
		case ']':
			inside = false
		}
		end++
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	p.annotation()
	if word == "" {
		return one, false
	}
	if n, err := strconv.ParseUint(word, 10, 31); err == nil {
		if n == 0 {
			return one, false
		}
		one.factor.SetInt64(int64(n))
		return one, true
	}
	if u, ok := p.atom(word); ok {
		return u, true
	}
	cut := len(word)
	for cut > 0 && (word[cut-1] >= '0' && word[cut-1] <= '9') {
		cut--
	}
	if cut > 0 && cut < len(word) && (word[cut-1] == '-' || word[cut-1] == '+') {
		cut--
	}
	n, err := strconv.Atoi(word[cut:])
	if cut == 0 || err != nil || n < -30 || n > 30 {
		return one, false
	}
	u, ok := p.atom(word[:cut])
	if !ok || n == 0 {
		return one, ok
	}
	return one.times(u, n), true
}

// exponent reads the exponent after a parenthesis.
func (p *unitParser) exponent() int {
	end := 0
	for end < len(p.rest) && strings.IndexByte("+-0123456789", p.rest[end]) >= 0 {
		end++
	}
	n, err := strconv.Atoi(p.rest[:end])
	if err != nil || n < -30 || n > 30 {
		return 1
	}
	p.rest = p.rest[end:]
	return n
}

func (p *unitParser) annotation() bool {
	if !strings.HasPrefix(p.rest, "{") {
		return false
	}
	i := strings.IndexByte(p.rest, '}')
	if i < 0 {
		return false
	}
	p.rest = p.rest[i+1:]
	return true
}

func (p *unitParser) atom(word string) (unit, bool) {
	if u, ok := p.plain[word]; ok {
		return u, true
	}
	if u, ok := p.metric[word]; ok {
		return u, true
	}
	for n := 1; n <= 2 && n < len(word); n++ {
		exponent, ok := prefixes[word[:n]]
		if !ok {
			continue
		}
		u, ok := p.metric[word[n:]]
		if !ok {
			continue
		}
		factor := new(big.Rat).SetInt(tenTo(max(exponent, -exponent)))
		if exponent < 0 {
			factor.Inv(factor)
		}
		return unit{factor: factor.Mul(factor, u.factor), dimension: u.dimension}, true
	}
	return unit{}, false
}
