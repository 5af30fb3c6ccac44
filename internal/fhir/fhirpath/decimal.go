package fhirpath

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number that keeps its digits as they were written: 1.50 is not 1.5 when precision matters.
type Decimal struct {
	unscaled *big.Int // the digits without the point; nil is 0
	scale    int      // digits after the point
}

const (
	maxDigits      = 400 // of a result; more is an overflow, which is empty
	divisionDigits = 28  // after the point
)

var ten = big.NewInt(10)

func tenTo(n int) *big.Int { return new(big.Int).Exp(ten, big.NewInt(int64(n)), nil) }

// ParseDecimal reads a number as JSON writes it, with an exponent of up to three digits.
func ParseDecimal(text string) (Decimal, bool) {
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil || e > maxDigits || e < -maxDigits {
			return Decimal{}, false
		}
		mantissa, exponent = text[:i], e
	}
	sign, digits := "", mantissa
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		sign, digits = strings.TrimPrefix(digits[:1], "+"), digits[1:]
	}
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || point && fraction == "" || len(digits) > maxDigits {
		return Decimal{}, false
	}
	digits = whole + fraction
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return Decimal{}, false
		}
	}
	n, ok := new(big.Int).SetString(sign+digits, 10)
	if !ok {
		return Decimal{}, false
	}
	d := Decimal{n, len(fraction) - exponent}
	if d.scale < 0 {
		d = Decimal{n.Mul(n, tenTo(-d.scale)), 0}
	}
	return d, true
}

func decimalOf(i int64) Decimal { return Decimal{big.NewInt(i), 0} }

// fromFloat rounds the result of a function of real numbers to 15 significant digits, which is what float64 is good for.
func fromFloat(f float64) (Decimal, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Decimal{}, false
	}
	d, ok := ParseDecimal(strconv.FormatFloat(f, 'g', 15, 64))
	return d.reduced(), ok
}

func (d Decimal) int() *big.Int {
	if d.unscaled == nil {
		return new(big.Int)
	}
	return d.unscaled
}

func (d Decimal) float() float64 {
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}

func (d Decimal) rat() *big.Rat { return new(big.Rat).SetFrac(d.int(), tenTo(d.scale)) }

// String writes the number as it was written, without an exponent.
func (d Decimal) String() string {
	text := new(big.Int).Abs(d.int()).String()
	if d.scale > 0 {
		if len(text) <= d.scale {
			text = strings.Repeat("0", d.scale-len(text)+1) + text
		}
		text = text[:len(text)-d.scale] + "." + text[len(text)-d.scale:]
	}
	if d.int().Sign() < 0 {
		return "-" + text
	}
	return text
}

// rescaled returns the same number with more digits after the point.
func (d Decimal) rescaled(scale int) *big.Int {
	if scale <= d.scale {
		return d.int()
	}
	return new(big.Int).Mul(d.int(), tenTo(scale-d.scale))
}

// reduced drops zeros at the end of the fraction.
func (d Decimal) reduced() Decimal {
	n, scale := new(big.Int).Set(d.int()), d.scale
	var q, r big.Int
	for scale > 0 {
		q.QuoRem(n, ten, &r)
		if r.Sign() != 0 {
			break
		}
		n.Set(&q)
		scale--
	}
	return Decimal{n, scale}
}

// Cmp compares as numbers.
func (d Decimal) Cmp(o Decimal) int {
	scale := max(d.scale, o.scale)
	return d.rescaled(scale).Cmp(o.rescaled(scale))
}

func (d Decimal) add(o Decimal) Decimal {
	scale := max(d.scale, o.scale)
	return Decimal{new(big.Int).Add(d.rescaled(scale), o.rescaled(scale)), scale}
}

func (d Decimal) neg() Decimal { return Decimal{new(big.Int).Neg(d.int()), d.scale} }

func (d Decimal) sub(o Decimal) Decimal { return d.add(o.neg()) }

func (d Decimal) mul(o Decimal) Decimal {
	return Decimal{new(big.Int).Mul(d.int(), o.int()), d.scale + o.scale}
}

// quo divides; o is not 0.
func (d Decimal) quo(o Decimal) Decimal {
	return fromRat(new(big.Rat).Quo(d.rat(), o.rat()))
}

// fromRat rounds half up to [divisionDigits] after the point.
func fromRat(r *big.Rat) Decimal {
	n := new(big.Int).Mul(r.Num(), tenTo(divisionDigits+1))
	n.Quo(n, r.Denom())
	return Decimal{n, divisionDigits + 1}.round(divisionDigits).reduced()
}

// round rounds half away from zero to that many digits after the point.
func (d Decimal) round(scale int) Decimal {
	if scale >= d.scale {
		return d
	}
	unit := tenTo(d.scale - scale)
	half := new(big.Int).Quo(unit, big.NewInt(2))
	n := new(big.Int).Set(d.int())
	if n.Sign() < 0 {
		n.Sub(n, half)
	} else {
		n.Add(n, half)
	}
	return Decimal{n.Quo(n, unit), scale}
}

// truncated drops digits after the point.
func (d Decimal) truncated(scale int) Decimal {
	if scale >= d.scale {
		return d
	}
	return Decimal{new(big.Int).Quo(d.int(), tenTo(d.scale-scale)), scale}
}

func (d Decimal) floor() Decimal {
	return Decimal{new(big.Int).Div(new(big.Int).Sub(d.int(), modulo(d)), tenTo(d.scale)), 0}
}

// modulo is what is above the next lower whole number, in units of d.
func modulo(d Decimal) *big.Int { return new(big.Int).Mod(d.int(), tenTo(d.scale)) }

func (d Decimal) sign() int { return d.int().Sign() }

// isInteger says whether nothing but zeros follows the point.
func (d Decimal) isInteger() bool { return modulo(d).Sign() == 0 }

// int64 returns a whole number.
func (d Decimal) int64() (int64, bool) {
	n := new(big.Int).Quo(d.int(), tenTo(d.scale))
	return n.Int64(), n.IsInt64()
}

// tooLong says whether the number has more digits than results may have.
func (d Decimal) tooLong() bool { return d.int().BitLen() > maxDigits*10/3 || d.scale > maxDigits }

// digits is how many digits are written after the point, without zeros at the end.
func (d Decimal) significantScale() int { return d.reduced().scale }

// bound returns the lower or upper end of what a measurement that was written so may have been, with scale digits after the
// point.
func (d Decimal) bound(upper bool, scale int) Decimal {
	half := Decimal{big.NewInt(5), d.scale + 1}
	if d.sign() < 0 {
		return d.neg().bound(!upper, scale).neg()
	}
	var b Decimal
	if upper {
		b = d.add(half).round(scale)
	} else {
		b = d.sub(half).truncated(scale)
	}
	return Decimal{b.rescaled(scale), max(scale, b.scale)}
}
