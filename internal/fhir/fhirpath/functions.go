package fhirpath

import "maps"

// function is one of the functions of FHIRPath or FHIR.
type function struct {
	least, most int  // arguments
	takesType   bool // its argument is the name of a type
	run         func(call) (Collection, error)
}

// call is what a function works on.
type call struct {
	ev *evaluation
	x  *expr
	in Collection
	s  scope // that the arguments are written in
}

// functions by name. It is filled by init, because functions evaluate arguments, which call functions.
var functions = map[string]*function{}

func init() {
	for _, group := range []map[string]*function{
		collectionFunctions(), filterFunctions(), textFunctions(), codecFunctions(), numberFunctions(), conversionFunctions(), dateFunctions(), fhirFunctions(),
	} {
		maps.Copy(functions, group)
	}
}

// arg evaluates an argument that is a value: it sees what the call's surroundings see.
func (c call) arg(i int) (Collection, error) { return c.ev.value(c.x.args[i], c.s) }

// on evaluates an argument with $this as an item of the input.
func (c call) on(arg *expr, item Item, index int) (Collection, error) {
	s := c.s
	s.this, s.index = one(item), index
	return c.ev.value(arg, s)
}

func (c call) has(i int) bool { return i < len(c.x.args) }

func (c call) fail(format string, args ...any) error { return fail(c.x, format, args...) }

// item returns the single item of an argument.
func (c call) item(i int) (Item, bool, error) {
	v, err := c.arg(i)
	if err != nil {
		return Item{}, false, err
	}
	return single(c.x, v)
}

// textArg returns an argument that must be a string.
func (c call) textArg(i int) (string, bool, error) {
	v, ok, err := c.item(i)
	if err != nil || !ok {
		return "", false, err
	}
	s := v.system()
	if s.kind != kindString {
		return "", false, c.fail("%s() needs a String as argument %d, not a %s", c.x.text, i+1, s.kind)
	}
	return s.s, true, nil
}

// intArg returns an argument that must be an integer.
func (c call) intArg(i int) (int64, bool, error) {
	v, ok, err := c.item(i)
	if err != nil || !ok {
		return 0, false, err
	}
	n := v.system()
	if n.kind != kindInteger {
		return 0, false, c.fail("%s() needs an Integer as argument %d, not a %s", c.x.text, i+1, n.kind)
	}
	return n.i, true, nil
}

// text returns the input, which must be a single string or nothing.
func (c call) text() (string, bool, error) {
	i, ok, err := single(c.x, c.in)
	if err != nil || !ok {
		return "", false, err
	}
	v := i.system()
	switch {
	case v.kind == kindString:
		return v.s, true, nil
	case v.kind == kindNone && !i.hasObject():
		return "", false, nil
	case i.IsElement() && v.t != nil: // dates of FHIR are text to those who cut them up
		return v.t.String(), true, nil
	}
	return "", false, c.fail("%s() needs a String, not a %s", c.x.text, i.typ)
}

// grown refuses text that has become too long.
func (c call) grown(s string) (Collection, error) {
	if len(s) > maxString {
		return nil, c.fail("the text grows longer than %d bytes", maxString)
	}
	return one(text(s)), c.ev.step(len(s) / 256)
}
