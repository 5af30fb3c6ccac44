package plan

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"trestle/internal/linkage"
)

//go:embed data/brands.txt
var brandsText string

//go:embed data/aliases.txt
var aliasesText string

//go:embed data/notices.txt
var notices string

// Notices returns the notices and licences of the embedded names.
func Notices() string { return notices }

// brand is one insurer, or a programme of a state.
type brand struct {
	key    string
	name   string
	states []string
	line   Line
}

// Dictionary knows what insurers are called. It is not changed after it was made; [Dictionary.With] makes another.
type Dictionary struct {
	brands  map[string]brand
	phrases map[string]string // words that name a brand wherever they stand together -> key
	whole   map[string]string // names that name a brand only by themselves -> key
	longest int               // words of the longest phrase
	taught  map[string]string // normal form of a whole plan name -> that of the name it is to be read as
}

// Standard returns the dictionary that the program ships.
var Standard = sync.OnceValue(func() *Dictionary {
	d := &Dictionary{brands: map[string]brand{}, phrases: map[string]string{}, whole: map[string]string{}, taught: map[string]string{}}
	d.readBrands(brandsText)
	d.readAliases(aliasesText)
	return d
})

func (d *Dictionary) readBrands(text string) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 5 || strings.HasPrefix(line, "#") {
			continue
		}
		b := brand{key: f[0], name: f[1]}
		if f[2] != "-" {
			b.states = strings.Split(f[2], ",")
		}
		if f[3] != "-" {
			b.line = Line(f[3])
		}
		d.brands[b.key] = b
		for _, name := range strings.Split(f[4], ";") {
			d.addPhrase(phraseOf(name), b.key)
		}
	}
}

// phraseOf gives a name in the words that a plan's name is read into.
func phraseOf(name string) string {
	var half Blue
	return strings.Join(blues(expand(split(name)), &half), " ")
}

func (d *Dictionary) addPhrase(phrase, key string) {
	if _, ok := d.phrases[phrase]; ok || phrase == "" {
		return
	}
	d.phrases[phrase] = key
	d.longest = max(d.longest, strings.Count(phrase, " ")+1)
}

// readAliases adds names as hospitals have them. Those of the Blues are left to the reading of names: which Blue it is
// follows from the state, and not from a list.
func (d *Dictionary) readAliases(text string) {
	for line := range strings.Lines(text) {
		canonical, names, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || strings.Contains(canonical, "Blue") || strings.Contains(canonical, "Workers") || canonical == "Medicare" {
			continue
		}
		key, known := d.phrases[Normal(canonical)]
		if !known {
			key = strings.ToLower(strings.Join(split(canonical), ""))
			d.brands[key] = brand{key: key, name: canonical}
		}
		for _, name := range append([]string{canonical}, strings.Split(names, "|")...) {
			normal := Normal(name)
			if _, ok := d.whole[normal]; !ok {
				d.whole[normal] = key
			}
			if words := strings.Fields(normal); len(words) > 1 && len(words) <= 4 && slices.ContainsFunc(words, telling) && len(d.find(words)) == 0 {
				d.addPhrase(normal, key)
			}
		}
	}
}

// telling says whether a word identifies by itself.
func telling(w string) bool { return !generic[w] && len(w) > 2 && !hasDigit(w) }

// Name is the insurer's name for people.
func (d *Dictionary) Name(key string) string {
	if key == blueKey {
		return "Blue Cross Blue Shield"
	}
	if b, ok := d.brands[key]; ok {
		return b.name
	}
	return key
}

// Insurers lists the keys of all insurers, sorted.
func (d *Dictionary) Insurers() []string { return slices.Sorted(maps.Keys(d.brands)) }

// found is a brand at words from..to.
type found struct {
	key      string
	from, to int
}

// find looks for the brands in expanded words: the longest names first, from the left, no word used twice.
func (d *Dictionary) find(words []string) []found {
	var all []found
	for i := 0; i < len(words); {
		n := min(d.longest, len(words)-i)
		for ; n > 0; n-- {
			if key, ok := d.phrases[strings.Join(words[i:i+n], " ")]; ok {
				all = append(all, found{key, i, i + n})
				break
			}
		}
		i += max(n, 1)
	}
	if key, ok := d.whole[strings.Join(words, " ")]; ok && !slices.ContainsFunc(all, func(f found) bool { return f.key == key }) {
		if len(all) == 0 {
			return []found{{key, 0, len(words)}}
		}
		all = append(all, found{key: key}) // its words name another insurer too
	}
	return all
}

// With returns a dictionary that knows the names which decisions taught too. An alias whose To is an insurer's key or
// name teaches what that insurer is called; any other says that one plan name is to be read as another. Aliases that
// contradict each other are an error: somebody has to take one of the decisions back.
func (d *Dictionary) With(aliases ...linkage.Alias) (*Dictionary, error) {
	grown := &Dictionary{
		brands: d.brands, phrases: maps.Clone(d.phrases), whole: maps.Clone(d.whole), taught: maps.Clone(d.taught), longest: d.longest,
	}
	for _, a := range aliases {
		from, to := Normal(a.From), Normal(a.To)
		if a.Kind != "" && a.Kind != linkage.Plans || from == "" || to == "" || from == to {
			continue
		}
		key, isInsurer := strings.ToLower(a.To), false
		if _, isInsurer = d.brands[key]; !isInsurer {
			key, isInsurer = d.phrases[to]
		}
		if isInsurer {
			grown.whole[from] = key
			if slices.ContainsFunc(strings.Fields(from), telling) {
				grown.phrases[from] = key
				grown.longest = max(grown.longest, strings.Count(from, " ")+1)
			}
			continue
		}
		if before, ok := grown.taught[from]; ok && before != to {
			return nil, fmt.Errorf("plan: %q was decided to be %q and also %q: take one of the decisions back", a.From, before, a.To)
		}
		grown.taught[from] = to
	}
	return grown, nil
}

// taughtName gives the name that decisions say a name stands for, or "".
func (d *Dictionary) taughtName(name string) string { return d.taught[Normal(name)] }
