package fhir

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:generate go run ./gen -package $TRESTLE_FHIR_PACKAGE -out data/r4.zip

//go:embed data/r4.zip
var packedR4 []byte

// Definitions are the published facts of one release, and those of the packages that were added. They may be used by many
// goroutines at once.
//
// What is embedded is unpacked by kind when first asked for, and each definition read when first asked for.
type Definitions struct {
	Version string // 4.0.1
	packed  []byte // a zip archive, nil for definitions that come from packages only

	mu         sync.RWMutex
	lines      map[string]map[string]*line // by file of the archive, then by canonical URL
	structures map[string]*Structure
	types      map[string]*Structure // by name
	codes      map[string]*CodeSystem
	sets       map[string]*ValueSet
	byParam    map[string][]*SearchParameter
}

// line is a definition that waits to be read.
type line struct {
	url  string
	json []byte
	node *Node // of packages, which are read at once
}

func (l *line) read() *Node {
	if l.node != nil {
		return l.node
	}
	n, err := ParseJSON(l.json)
	if err != nil { // the archive is ours: its tests read every line
		return &Node{Kind: Object}
	}
	return n
}

var r4 = sync.OnceValue(func() *Definitions { return &Definitions{Version: "4.0.1", packed: packedR4} })

// R4 returns the definitions of FHIR R4 (4.0.1), which are part of the program.
func R4() *Definitions { return r4() }

// Load reads the definitions of a release from its packages, for example those of hl7.fhir.r5.core, given as .tgz. The
// version is that of its StructureDefinitions.
func Load(packages ...io.Reader) (*Definitions, error) {
	d := &Definitions{}
	for _, r := range packages {
		if err := d.add(r); err != nil {
			return nil, err
		}
	}
	if d.Type("Element") == nil || d.Type("Resource") == nil {
		return nil, fmt.Errorf("the package does not define FHIR's own types; name the core package of a release, such as hl7.fhir.r5.core")
	}
	return d, nil
}

// With returns these definitions and those of more packages, implementation guides for example, given as .tgz. What a
// package defines anew replaces what was there.
func (d *Definitions) With(packages ...io.Reader) (*Definitions, error) {
	more := d.copied()
	for _, r := range packages {
		if err := more.add(r); err != nil {
			return nil, err
		}
	}
	return more, nil
}

// WithResources returns these definitions and those that resources hold: StructureDefinitions, ValueSets, CodeSystems and
// so on. Others are left out.
func (d *Definitions) WithResources(list ...*Node) *Definitions {
	more := d.copied()
	for _, n := range list {
		more.define(n)
	}
	return more
}

func (d *Definitions) copied() *Definitions {
	more := &Definitions{Version: d.Version, packed: d.packed}
	for _, file := range files {
		for url, l := range d.file(file) {
			more.put(file, url, l)
		}
	}
	return more
}

// Files of the archive.
const (
	fileTypes        = "types"
	fileProfiles     = "profiles"
	fileSearch       = "search"
	fileCodeSystems  = "codesystems"
	fileValueSets    = "valuesets"
	fileCompartments = "compartments"
	fileOperations   = "operations"
)

var files = []string{fileTypes, fileProfiles, fileSearch, fileCodeSystems, fileValueSets, fileCompartments, fileOperations}

func (d *Definitions) add(r io.Reader) error {
	for n, err := range PackageResources(r) {
		if err != nil {
			return err
		}
		d.define(n)
	}
	return nil
}

// define takes a definition over, if it is one.
func (d *Definitions) define(n *Node) {
	url := n.Find("url").String()
	if url == "" {
		return
	}
	file := ""
	switch n.ResourceType() {
	case "StructureDefinition":
		file = fileTypes
		if n.Find("derivation").String() == "constraint" {
			file = fileProfiles
		}
		if d.Version == "" {
			d.Version = n.Find("fhirVersion").String()
		}
	case "SearchParameter":
		file = fileSearch
	case "CodeSystem":
		file = fileCodeSystems
	case "ValueSet":
		file = fileValueSets
	case "CompartmentDefinition":
		file = fileCompartments
	case "OperationDefinition":
		file = fileOperations
	default:
		return
	}
	d.put(file, url, &line{url: url, node: n})
}

// put is for definitions that nobody else has yet.
func (d *Definitions) put(file, url string, l *line) {
	if d.lines == nil {
		d.lines = map[string]map[string]*line{}
	}
	if d.lines[file] == nil {
		d.lines[file] = map[string]*line{}
	}
	d.lines[file][url] = l
}

// file returns the lines of one kind of definitions.
func (d *Definitions) file(name string) map[string]*line {
	d.mu.RLock()
	lines, ok := d.lines[name]
	d.mu.RUnlock()
	if ok {
		return lines
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if lines, ok := d.lines[name]; ok {
		return lines
	}
	lines = map[string]*line{}
	if d.packed != nil {
		lines = unpack(d.packed, name)
	}
	if d.lines == nil {
		d.lines = map[string]map[string]*line{}
	}
	d.lines[name] = lines
	return lines
}

// unpack reads a file of the archive: a line is an URL, a tab and JSON.
func unpack(packed []byte, name string) map[string]*line {
	lines := map[string]*line{}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return lines // the archive is embedded: a test reads all of it
	}
	f, err := z.Open(name)
	if err != nil {
		return lines
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return lines
	}
	for l := range bytes.Lines(text) {
		url, json, _ := bytes.Cut(l, []byte{'\t'})
		lines[string(url)] = &line{url: string(url), json: bytes.TrimSuffix(json, []byte{'\n'})}
	}
	return lines
}

const typeURL = "http://hl7.org/fhir/StructureDefinition/"

// Type returns the definition of a type or resource by its name: HumanName, Patient, string. nil if there is none.
func (d *Definitions) Type(name string) *Structure {
	d.mu.RLock()
	s, ok := d.types[name]
	d.mu.RUnlock()
	if ok {
		return s
	}
	if s = d.Structure(typeURL + name); s == nil || s.Constraint {
		return nil // not remembered: names that nobody defines come from outside, and are without number
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.types == nil {
		d.types = map[string]*Structure{}
	}
	d.types[name] = s
	return s
}

// Structure returns a StructureDefinition by its canonical URL, nil if it is not known. A version behind | is not looked
// at.
func (d *Definitions) Structure(url string) *Structure {
	url, _, _ = strings.Cut(url, "|")
	d.mu.RLock()
	s, ok := d.structures[url]
	d.mu.RUnlock()
	if ok {
		return s
	}
	l := d.file(fileTypes)[url]
	if l == nil {
		l = d.file(fileProfiles)[url]
	}
	if l == nil {
		return nil
	}
	s = newStructure(l.read())
	if s.Root == nil {
		s = nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if before, ok := d.structures[url]; ok {
		return before
	}
	if d.structures == nil {
		d.structures = map[string]*Structure{}
	}
	d.structures[url] = s
	return s
}

// Types lists the names of all types and resources, in no order.
func (d *Definitions) Types() []string {
	var names []string
	for url := range d.file(fileTypes) {
		if name, ok := strings.CutPrefix(url, typeURL); ok {
			names = append(names, name)
		}
	}
	return names
}

// Profiles lists the canonical URLs of all profiles and extensions, in no order.
func (d *Definitions) Profiles() []string {
	urls := make([]string, 0, len(d.file(fileProfiles)))
	for url := range d.file(fileProfiles) {
		urls = append(urls, url)
	}
	return urls
}

// IsA says whether a type is another or derives from it: code is a string, Patient is a DomainResource.
func (d *Definitions) IsA(name, ancestor string) bool {
	for range 32 { // a package may define a circle
		if name == ancestor {
			return true
		}
		s := d.Type(name)
		if s == nil || s.Base == "" {
			return false
		}
		name = strings.TrimPrefix(s.Base, typeURL)
	}
	return false
}

// IsResource says whether a name is that of a resource type.
func (d *Definitions) IsResource(name string) bool {
	s := d.Type(name)
	return s != nil && s.Kind == "resource"
}

// Operations returns the OperationDefinitions, as they are published.
func (d *Definitions) Operations() []*Node { return d.all(fileOperations) }

// Compartments returns the CompartmentDefinitions, as they are published.
func (d *Definitions) Compartments() []*Node { return d.all(fileCompartments) }

func (d *Definitions) all(file string) []*Node {
	var list []*Node
	for _, l := range d.file(file) {
		list = append(list, l.read())
	}
	return list
}
