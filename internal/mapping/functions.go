package mapping

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Function is one of the functions that rules can use. There are no others: each of them ends in time that grows with its
// input only, and what they make is limited.
type Function struct {
	Name      string
	Group     string // text, choice, lookup, date, number, identity, healthcare, list, encoding
	Arguments string // how they are written, "" for none
	Does      string

	least, most int
	whole       bool // takes all values at once, not one after the other
	reserved    bool // makes a tree, or needs the message: of no use in a formula
	unasked     bool // makes something where there is nothing
	make        func(c *compiler, args []string) (apply, error)
}

// apply is a function with its arguments.
type apply func(c *call, in []value) []value

// call is where a function is applied.
type call struct {
	run  *run
	turn *turn
	rep  *repetition
	rule *rule
}

func (c *call) warn(text string) {
	if c.run != nil {
		c.run.warn(text)
	}
}

// unasked marks a function that makes something where there is nothing.
func unasked(f *Function) *Function {
	f.unasked = true
	return f
}

// library is in the order of the groups of the reference. It is filled by init, because functions name others.
var library []*Function

var libraryByName = map[string]*Function{}

func init() {
	for _, group := range [][]*Function{
		textFunctions(), choiceFunctions(), clearFunctions(), templateFunctions(), lookupFunctions(), dateFunctions(), calendarFunctions(), numberFunctions(), unitFunctions(),
		identityFunctions(), healthcareFunctions(), usCoreFunctions(), writtenFunctions(), reverseFunctions(), listFunctions(), encodingFunctions(), jsonFunctions(),
	} {
		for _, f := range group {
			library = append(library, f)
			libraryByName[f.Name] = f
		}
	}
}

// Functions lists what rules can use, by group.
func Functions() []Function {
	list := make([]Function, len(library))
	for i, f := range library {
		list[i] = *f
	}
	return list
}

// step compiles a function with its arguments.
func (c *compiler) step(s Step) (apply, error) {
	f, ok := libraryByName[s.Name]
	if !ok {
		if near := nearest(s.Name); near != "" {
			return nil, fmt.Errorf("there is no function %q; did you mean %s?", shorten(s.Name), near)
		}
		return nil, fmt.Errorf("there is no function %q; trestle map check --functions lists them", shorten(s.Name))
	}
	if len(s.Args) < f.least || f.most >= 0 && len(s.Args) > f.most {
		return nil, fmt.Errorf("%s is written {%s: %s}", f.Name, f.Name, f.Arguments)
	}
	return f.make(c, s.Args)
}

func nearest(name string) string {
	best, least := "", 3
	for _, f := range library {
		if d := distance(name, f.Name); d < least {
			best, least = f.Name, d
		}
	}
	return best
}

// distance is Levenshtein's, of short names.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 40
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// text makes a function on each value's text.
func text(name, does string, f func(s string) string) *Function {
	return &Function{Name: name, Group: "text", Does: does, make: func(*compiler, []string) (apply, error) { return eachText(f), nil }}
}

// textArgs is text with arguments that are read once.
func textArgs(name, arguments, does string, least, most int, f func(args []string) (func(s string) string, error)) *Function {
	return &Function{Name: name, Group: "text", Arguments: arguments, Does: does, least: least, most: most,
		make: func(_ *compiler, args []string) (apply, error) {
			one, err := f(args)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			return eachText(one), nil
		}}
}

func eachText(f func(s string) string) apply {
	return func(c *call, in []value) []value {
		for i := range in {
			s := f(in[i].String())
			if !c.spend(len(s)) {
				return in[:0]
			}
			in[i] = textValue(s)
		}
		return in
	}
}

// spend counts the bytes that functions make against the limits of a value and of a message.
func (c *call) spend(n int) bool {
	if n > maxText {
		c.warn("a function made more than a value may hold; the value was left out")
		return false
	}
	if c.run == nil {
		return true
	}
	if c.run.spent += n; c.run.spent > maxTotal {
		c.warn("the functions of the mapping made too much of this message; further values were left out")
		return false
	}
	return true
}

func whole(arg string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(arg))
	if err != nil || n < 0 || n > 100_000 {
		return 0, fmt.Errorf("%q is no whole number from 0 to 100000", shorten(arg))
	}
	return n, nil
}

func textFunctions() []*Function {
	return []*Function{
		text("trim", "takes blanks off both ends", strings.TrimSpace),
		text("upper", "in capitals", strings.ToUpper),
		text("lower", "in small letters", strings.ToLower),
		text("title_case", "each word with a capital", titleCase),
		text("normalise_space", "one blank between words", func(s string) string { return strings.Join(strings.Fields(s), " ") }),
		text("digits", "the digits only", func(s string) string {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, s)
		}),
		text("ascii", "without what is not ASCII", func(s string) string {
			return strings.Map(func(r rune) rune {
				if r > unicode.MaxASCII {
					return -1
				}
				return r
			}, s)
		}),
		text("fold", "letters without their accents, for receivers that know ASCII only: Müller as Muller", fold),
		text("length", "the number of characters", func(s string) string { return strconv.Itoa(utf8.RuneCountInString(s)) }),
		textArgs("left", "n", "the first n characters", 1, 1, func(args []string) (func(string) string, error) {
			n, err := whole(args[0])
			return func(s string) string { return cut(s, 0, n) }, err
		}),
		textArgs("right", "n", "the last n characters", 1, 1, func(args []string) (func(string) string, error) {
			n, err := whole(args[0])
			return func(s string) string { return cut(s, max(0, utf8.RuneCountInString(s)-n), n) }, err
		}),
		textArgs("substring", "[start, length]", "length characters from the start, which counts from 1", 1, 2, func(args []string) (func(string) string, error) {
			from, err := whole(args[0])
			n := math.MaxInt32
			if err == nil && len(args) > 1 {
				n, err = whole(args[1])
			}
			return func(s string) string { return cut(s, max(0, from-1), n) }, err
		}),
		textArgs("before", "text", "what stands before the text; all if it is not there", 1, 1, func(args []string) (func(string) string, error) {
			return func(s string) string { b, _, _ := strings.Cut(s, args[0]); return b }, nil
		}),
		textArgs("after", "text", "what stands after the text; nothing if it is not there", 1, 1, func(args []string) (func(string) string, error) {
			return func(s string) string { _, a, _ := strings.Cut(s, args[0]); return a }, nil
		}),
		textArgs("piece", "[separator, n]", "the n-th piece, from 1", 2, 2, func(args []string) (func(string) string, error) {
			n, err := whole(args[1])
			return func(s string) string {
				if parts := strings.Split(s, args[0]); n >= 1 && n <= len(parts) {
					return parts[n-1]
				}
				return ""
			}, err
		}),
		textArgs("replace", "[old, new]", "every old by new", 2, 2, func(args []string) (func(string) string, error) {
			if args[0] == "" {
				return nil, fmt.Errorf("say what is to be replaced")
			}
			return func(s string) string {
				if n := strings.Count(s, args[0]); n*len(args[1]) > maxText {
					return ""
				}
				return strings.ReplaceAll(s, args[0], args[1])
			}, nil
		}),
		textArgs("regex_replace", "[pattern, new]", "every match by new; $1 is the first group", 2, 2, func(args []string) (func(string) string, error) {
			re, err := compilePattern(args[0])
			if err == nil && len(args[1]) > 1000 {
				err = fmt.Errorf("the replacement is longer than 1000 bytes")
			}
			return func(s string) string {
				if (len(s)+1)*(1+strings.Count(args[1], "$")) > maxText/(len(args[1])+1) && len(s) > 10_000 {
					return ""
				}
				return re.ReplaceAllString(s, args[1])
			}, err
		}),
		textArgs("regex_extract", "pattern", "the first group of the first match, or the match", 1, 1, func(args []string) (func(string) string, error) {
			re, err := compilePattern(args[0])
			return func(s string) string {
				m := re.FindStringSubmatch(s)
				if len(m) == 0 {
					return ""
				}
				return m[min(1, len(m)-1)]
			}, err
		}),
		textArgs("remove", "characters", "without these characters", 1, 1, func(args []string) (func(string) string, error) {
			return func(s string) string {
				return strings.Map(func(r rune) rune {
					if strings.ContainsRune(args[0], r) {
						return -1
					}
					return r
				}, s)
			}, nil
		}),
		textArgs("translate", "[from, to]", "each character of from by the one at its place in to", 2, 2, func(args []string) (func(string) string, error) {
			from, to := []rune(args[0]), []rune(args[1])
			if len(from) != len(to) {
				return nil, fmt.Errorf("both lists need the same number of characters")
			}
			return func(s string) string {
				return strings.Map(func(r rune) rune {
					if i := slices.Index(from, r); i >= 0 {
						return to[i]
					}
					return r
				}, s)
			}, nil
		}),
		textArgs("strip_leading", "characters", "without these characters at the start, such as zeros", 1, 1, func(args []string) (func(string) string, error) {
			return func(s string) string { return strings.TrimLeft(s, args[0]) }, nil
		}),
		textArgs("strip_trailing", "characters", "without these characters at the end", 1, 1, func(args []string) (func(string) string, error) {
			return func(s string) string { return strings.TrimRight(s, args[0]) }, nil
		}),
		textArgs("prefix", "text", "the text before it, if there is anything", 1, 1, func(args []string) (func(string) string, error) {
			return func(s string) string {
				if s == "" {
					return s
				}
				return args[0] + s
			}, nil
		}),
		textArgs("suffix", "text", "the text after it, if there is anything", 1, 1, func(args []string) (func(string) string, error) {
			return func(s string) string {
				if s == "" {
					return s
				}
				return s + args[0]
			}, nil
		}),
		textArgs("repeat", "n", "n times over, at most 100", 1, 1, func(args []string) (func(string) string, error) {
			n, err := whole(args[0])
			if err == nil && n > 100 {
				err = fmt.Errorf("%d is more than 100", n)
			}
			return func(s string) string { return strings.Repeat(s, n) }, err
		}),
		textArgs("index_of", "text", "the place of the text, from 1; 0 if it is not there", 1, 1, func(args []string) (func(string) string, error) {
			return func(s string) string {
				before, _, found := strings.Cut(s, args[0])
				if !found {
					return "0"
				}
				return strconv.Itoa(utf8.RuneCountInString(before) + 1)
			}, nil
		}),
		textArgs("matches", "pattern", "the value if the pattern fits it, nothing otherwise", 1, 1, func(args []string) (func(string) string, error) {
			re, err := compilePattern(args[0])
			return func(s string) string {
				if !re.MatchString(s) {
					return ""
				}
				return s
			}, err
		}),
		textArgs("pad", "[n, character]", "filled on the left to n characters", 2, 2, padding(true)),
		textArgs("pad_right", "[n, character]", "filled on the right to n characters", 2, 2, padding(false)),
	}
}

// foldings are letters that Unicode does not take apart.
var foldings = strings.NewReplacer("ß", "ss", "ẞ", "SS", "æ", "ae", "Æ", "AE", "œ", "oe", "Œ", "OE", "ø", "o", "Ø", "O", "đ", "d", "Đ", "D", "ł", "l", "Ł", "L", "ð", "d", "Ð", "D", "þ", "th", "Þ", "Th", "ı", "i", "‘", "'", "’", "'", "“", `"`, "”", `"`, "–", "-", "—", "-")

// fold takes accents off: decomposed by Unicode (form NFD), without the marks.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) {
					return -1
				}
				return r
			}, norm.NFD.String(foldings.Replace(s)))
		}
	}
	return s
}

func padding(left bool) func(args []string) (func(string) string, error) {
	return func(args []string) (func(string) string, error) {
		n, err := whole(args[0])
		if err == nil && utf8.RuneCountInString(args[1]) != 1 {
			err = fmt.Errorf("%q is not one character", shorten(args[1]))
		}
		return func(s string) string {
			fill := strings.Repeat(args[1], max(0, n-utf8.RuneCountInString(s)))
			if left {
				return fill + s
			}
			return s + fill
		}, err
	}
}

// cut takes n characters from the from-th on, from 0.
func cut(s string, from, n int) string {
	start, at := len(s), 0
	for i := range s {
		if at == from {
			start = i
		}
		if at-from == n && at >= from {
			return s[start:i]
		}
		at++
	}
	return s[start:]
}

func titleCase(s string) string {
	begin := true
	return strings.Map(func(r rune) rune {
		was := begin
		begin = !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '’'
		if was {
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func choiceFunctions() []*Function {
	choice := func(name, arguments, does string, least, most int, m func(c *compiler, args []string) (apply, error)) *Function {
		return &Function{Name: name, Group: "choice", Arguments: arguments, Does: does, least: least, most: most, whole: true, make: m}
	}
	return []*Function{
		unasked(choice("default", "text", "the text, if there is nothing", 1, 1, func(_ *compiler, args []string) (apply, error) {
			return func(c *call, in []value) []value {
				if in = present(in); len(in) == 0 {
					return append(in, textValue(args[0]))
				}
				return in
			}, nil
		})),
		choice("constant", "text", "the text, if there is anything", 1, 1, func(_ *compiler, args []string) (apply, error) {
			return func(c *call, in []value) []value {
				if in = present(in); len(in) == 0 {
					return in
				}
				return append(in[:0], textValue(args[0]))
			}, nil
		}),
		choice("choose", "[a, x, b, y, ..., otherwise]", "x for a, y for b, and so on; without otherwise the value itself", 2, -1, func(_ *compiler, args []string) (apply, error) {
			return eachText(func(s string) string {
				for i := 0; i+1 < len(args); i += 2 {
					if s == args[i] {
						return args[i+1]
					}
				}
				if len(args)%2 == 1 {
					return args[len(args)-1]
				}
				return s
			}), nil
		}),
		choice("omit", "[text, ...]", "nothing, where the value is one of these", 1, -1, func(_ *compiler, args []string) (apply, error) {
			return eachText(func(s string) string {
				if slices.Contains(args, s) {
					return ""
				}
				return s
			}), nil
		}),
		choice("only", "[text, ...]", "nothing, unless the value is one of these", 1, -1, func(_ *compiler, args []string) (apply, error) {
			return eachText(func(s string) string {
				if !slices.Contains(args, s) {
					return ""
				}
				return s
			}), nil
		}),
		unasked(choice("null", "", `HL7's "", which asks the receiver to delete`, 0, 0, func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value { return append(in[:0], textValue(`""`)) }, nil
		})),
	}
}
