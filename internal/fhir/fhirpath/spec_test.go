package fhirpath

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"trestle/internal/fhir"
)

const patient = `{"resourceType":"Patient","id":"p","active":true,"gender":"female","birthDate":"1974-12-25",
	"_birthDate":{"extension":[{"url":"http://example.org/time","valueDateTime":"1974-12-25T14:35:45-05:00"}]},
	"name":[{"use":"official","family":"Moss","given":["Ada","Bo"]},{"use":"usual","given":["Addy"]}],
	"telecom":[{"system":"phone","value":"555-0100"},{"system":"email","value":"ada@example.org"}],
	"multipleBirthInteger":2,"managingOrganization":{"reference":"#o"},"generalPractitioner":[{"reference":"Practitioner/7"}],
	"contained":[{"resourceType":"Organization","id":"o","name":"Mill"}],"surprise":{"depth":3}}`

func tree(tb testing.TB, text string) *fhir.Node {
	tb.Helper()
	n, err := fhir.ParseJSON([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// TestSpecification evaluates examples of the specification and of its traps. An expected "error" is a failure.
func TestSpecification(t *testing.T) {
	n := tree(t, patient)
	for expression, want := range map[string]string{
		// paths
		`name.given`: "string:Ada string:Bo string:Addy", `Patient.name[1].given`: "string:Addy", `Observation.name`: "",
		`multipleBirth`: "integer:2", `multipleBirthInteger`: "", `birthDate.extension.value`: "dateTime:1974-12-25T14:35:45-05:00",
		`name.where(use = 'official').family`: "string:Moss", `name[0].given[$this.count() - 1]`: "string:Ada", `name[5]`: "",
		`contained.name`: "string:Mill", `managingOrganization.resolve().name`: "string:Mill", `generalPractitioner.resolve()`: "",
		`contained.ofType(Organization).id`: "id:o", "`name`.`family`": "string:Moss", `$this.id`: "id:p", `surprise.depth`: "",
		`%resource.id`: "id:p", `contained.select(%resource.id)`: "id:p", `%context.gender`: "code:female", `%nothing`: "error",
		// equality
		`1 = 1.0`: "Boolean:true", `'a' = 1`: "Boolean:false", `{} = 1`: "", `(1|2) = (2|1)`: "Boolean:false", `(1|2) ~ (2|1)`: "Boolean:true",
		`'Ab  c' ~ 'aB c'`: "Boolean:true", `{} ~ {}`: "Boolean:true", `@2012 = @2012-01`: "", `@2012 = @2013-01`: "Boolean:false", `@2012 ~ @2012-01`: "Boolean:false",
		`name[0] = name[0]`: "Boolean:true", `name[0] = name[1]`: "Boolean:false", `1.12 ~ 1.1`: "Boolean:true",
		`@2012-04-15T15:00:00Z = @2012-04-15T17:00:00+02:00`: "Boolean:true", `@T12:00 = @T12:00:00`: "",
		`name[0] ~ name[0]`: "Boolean:true", `name ~ (name[1] | name[0])`: "Boolean:true", `name[0] ~ name[1]`: "Boolean:false", `telecom[0] ~ managingOrganization`: "Boolean:false",
		// order
		`2 > 1.5`: "Boolean:true", `'b' > 'a'`: "Boolean:true", `@2012-01 < @2012`: "", `@2012 < @2013-01`: "Boolean:true", `'a' < 1`: "error", `(1|2) < 3`: "error",
		`1 'kg' > 999 'g'`: "Boolean:true", `1 'kg' > 1 'm'`: "", `37 'Cel' > 98 '[degF]'`: "Boolean:true", `1 year > 11 months`: "Boolean:true",
		// logic
		`true and {}`: "", `false and {}`: "Boolean:false", `true or {}`: "Boolean:true", `false or {}`: "", `true xor true`: "Boolean:false",
		`{} implies true`: "Boolean:true", `{} implies false`: "", `false implies {}`: "Boolean:true", `true implies {}`: "", `{}.not()`: "",
		`false and ('a' < 1)`: "Boolean:false", `(true|false) and true`: "error",
		// arithmetic
		`1 + 2 * 3`: "Integer:7", `(1 + 2) * 3`: "Integer:9", `7 div 2`: "Integer:3", `-7 div 2`: "Integer:-3", `7 mod -2`: "Integer:1", `1 / 2`: "Decimal:0.5",
		`0.1 + 0.2`: "Decimal:0.3", `1.50 + 1`: "Decimal:2.50", `1 / 0`: "", `1 mod 0`: "", `9223372036854775807 + 1`: "", `'a' + 'b'`: "String:ab", `'a' + 1`: "error", `'a' & {}`: "String:a",
		`1 'm' + 1 'cm'`: "Quantity:1.01 'm'", `2 'm' * 3 'm'`: "Quantity:6 'm2'", `6 'm' / 2 's'`: "Quantity:3 'm/s'", `6 'm' / 2`: "Quantity:3 'm'", `+1`: "Integer:1", `-'a'`: "error",
		// dates
		`@2016-01-31 + 1 month`: "Date:2016-02-29", `@2016-02-29 + 1 year`: "Date:2017-02-28", `@2016 + 13 months`: "Date:2017", `@2016-01 + 40 days`: "Date:2016-02",
		`@2016-12-31T23:59:59 + 1 second`: "DateTime:2017-01-01T00:00:00", `@9999-12-31 + 1 day`: "", `@0001-01-01 - 1 year`: "", `@T23:30 + 1 hour`: "Time:00:30",
		`@2016-01-01 + 1 'cm'`: "error", `@2016-01-01 + 1.9 days`: "Date:2016-01-02", `@2016-01-01T00:00:00Z + 1.5 seconds`: "DateTime:2016-01-01T00:00:01.500Z",
		`@2016-01-01T00:00:00+00:00`: "DateTime:2016-01-01T00:00:00+00:00", `@2016-01-01T00:00:00Z`: "DateTime:2016-01-01T00:00:00Z",
		`today() = now().toDate()`: "Boolean:true", `now() = now()`: "Boolean:true", `@2016-03-05.dayOf()`: "Integer:5", `@2016.monthOf()`: "",
		`@2016-03-05T10:20:30.125+02:00.timezoneOffsetOf()`: "Decimal:2", `@2016-03-05T10:20:30.125Z.millisecondOf()`: "Integer:125", `@2016-03-05T10:20:30Z.timeOf()`: "Time:10:20:30",
		// types
		`1 is Integer`: "Boolean:true", `1 is System.Decimal`: "Boolean:false", `active is boolean`: "Boolean:true", `active is System.Boolean`: "Boolean:false", `gender is string`: "Boolean:true",
		`$this is DomainResource`: "Boolean:true", `gender as uri`: "", `1 is Nothing`: "error", `1 is Other.Integer`: "error", `name is HumanName`: "error", `1.type().name`: "String:Integer", `name.type().namespace`: "String:FHIR String:FHIR",
		// conversions
		`'1'.toInteger()`: "Integer:1", `'2147483648'.toInteger()`: "", `'1.5'.toDecimal()`: "Decimal:1.5", `'x'.toDecimal()`: "", `'1e3'.toDecimal()`: "", `1.toString()`: "String:1",
		`'2012'.toDate()`: "Date:2012", `'2012-13'.toDate()`: "", `'10:30'.toTime()`: "Time:10:30", `'5 \'mg\''.toQuantity()`: "Quantity:5 'mg'", `'5 mg'.convertsToQuantity()`: "Boolean:false",
		`1 'g'.toQuantity('mg')`: "Quantity:1000 'mg'", `'yes'.toBoolean()`: "Boolean:true", `2.toBoolean()`: "", `(1|2).toString()`: "error", `{}.convertsToInteger()`: "", `name.convertsToString()`: "error",
		// text
		`'abcde'.substring(1, 2)`: "String:bc", `'abcde'.substring(9)`: "", `'añb'.length()`: "Integer:3", `'añb'.indexOf('b')`: "Integer:2", `'abcb'.lastIndexOf('b')`: "Integer:3", `'a.b'.split('.').count()`: "Integer:2",
		`'abc'.matches('b')`: "Boolean:true", `'abc'.matchesFull('b')`: "Boolean:false", `'ABC'.matches('b', 'i')`: "Boolean:true", `'abc'.matches('(?=b)')`: "error", `'abc'.matches('b', 'q')`: "error",
		`'a1b2'.replaceMatches('[0-9]', '<$0>')`: "String:a<1>b<2>", `'x'.replaceMatches('x', '$')`: "String:$", `'abc'.replace('', '-')`: "String:-a-b-c-", `name.given.join('/')`: "String:Ada/Bo/Addy", `(1|2).join()`: "error",
		`'<&>'.escape('html')`: "String:&lt;&amp;&gt;", `'&lt;'.unescape('html')`: "String:<", `'a\\nb'.unescape('json').length()`: "Integer:3", `'é'.encode('base64')`: "String:w6k=", `'w6k='.decode('base64')`: "String:é",
		`'??>'.encode('urlbase64')`: "String:Pz8-", `'ff'.decode('hex').length()`: "Integer:1", `'zz'.decode('hex')`: "", `'a'.encode('rot13')`: "error", `'  a '.trim()`: "String:a", `'abc'.toChars()`: "String:a String:b String:c",
		// numbers
		`1.5.round()`: "Decimal:2", `1.2345.round(2)`: "Decimal:1.23", `(-1.5).floor()`: "Integer:-2", `(-1.5).ceiling()`: "Integer:-1", `(-1.5).truncate()`: "Integer:-1", `(-1.5).abs()`: "Decimal:1.5",
		`2.power(10)`: "Integer:1024", `2.power(-1)`: "Decimal:0.5", `2.power(99999999)`: "", `(-1).sqrt()`: "", `8.log(2)`: "Decimal:3", `0.ln()`: "", `'a'.abs()`: "error",
		`(1|2|3).sum()`: "Integer:6", `(1|2|3|4).avg()`: "Decimal:2.5", `(3|1|2).min()`: "Integer:1", `('b'|'a').max()`: "String:b", `{}.sum()`: "",
		// collections
		`(1|1|2).count()`: "Integer:2", `1.combine(1).count()`: "Integer:2", `(1|2|3).tail()`: "Integer:2 Integer:3", `(1|2|3).take(2)`: "Integer:1 Integer:2", `(1|2|3).skip(-1).count()`: "Integer:3", `(1|2).single()`: "error", `{}.single()`: "",
		`(1|2).intersect(2|3)`: "Integer:2", `(1|2).exclude(2)`: "Integer:1", `(1|2).subsetOf(1|2|3)`: "Boolean:true", `(1|2|3).supersetOf(4)`: "Boolean:false", `name.all(given.exists())`: "Boolean:true", `{}.all(false)`: "Boolean:true",
		`(true|false).anyTrue()`: "Boolean:true", `(true|false).allFalse()`: "Boolean:false", `(3|1|2).sort()`: "Integer:1 Integer:2 Integer:3", `(3|1|2).sort(-$this)`: "Integer:3 Integer:2 Integer:1", `{}.coalesce(1, 2)`: "Integer:1",
		`(1|2|3).aggregate($total + $this, 0)`: "Integer:6", `(1|2).select($index)`: "Integer:0 Integer:1", `$index`: "error", `name.repeat(given)`: "string:Ada string:Bo string:Addy", `2 in (1|2)`: "Boolean:true", `(1|2) contains 3`: "Boolean:false",
		`iif(true, 1, 1 / 'a')`: "Integer:1", `iif({}, 1)`: "", `iif('a', 1, 2)`: "error",
		// variables
		`defineVariable('a', 1).select(%a + 1)`: "Integer:2", `name.defineVariable('n').select(%n.count())`: "Integer:2 Integer:2", `defineVariable('a', 1).defineVariable('a', 2)`: "error", `(defineVariable('a', 1) | 2).select(%a)`: "error", `defineVariable('ucum')`: "error",
		// FHIR
		`birthDate.hasValue()`: "Boolean:true", `name.hasValue()`: "Boolean:false", `birthDate.getValue()`: "Date:1974-12-25", `extension('x')`: "", `gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')`: "Boolean:true",
		`gender.memberOf('http://hl7.org/fhir/ValueSet/body-site')`: "", `conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')`: "Boolean:true", `conformsTo('http://example.org/x')`: "error", `checkModifiers().id`: "id:p",
		// boundaries
		`1.5.lowBoundary(2)`: "Decimal:1.45", `@2014-02.highBoundary()`: "Date:2014-02-28", `@T10.highBoundary(9)`: "Time:10:00:59.999", `'a'.lowBoundary()`: "error", `1.5.precision()`: "Integer:1", `@2014-02.precision()`: "Integer:6",
		`1 '(g/m)2' = 1 'g2/m2'`: "Boolean:true", `1 'mg/dL' = 10 'mg/l'`: "Boolean:true", `1 'mm[Hg]' > 133 'Pa'`: "Boolean:true", `1 '{count}' = 1 '1'`: "Boolean:true", `1 '10*3/uL' = 1 '10*9/L'`: "Boolean:true", `1 'kg.m/s2' = 1 'N'`: "Boolean:true", `1 '%' = 0.01 '1'`: "Boolean:true", `1 'nonsense' = 1 'g'`: "", `1 'g/' = 1 'g'`: "", `0 'Cel' = 273.15 'K'`: "Boolean:true",
		`hasExtension('x')`: "Boolean:false", `birthDate.hasExtension('http://example.org/time')`: "Boolean:true",
		`1 'cm'.comparable(1 '[in_i]')`: "Boolean:true", `1 'cm'.comparable(1 'g')`: "Boolean:false",
		// mistakes
		`1 +`: "error", `name.`: "error", `foo()`: "error", `first(1)`: "error", `'a`: "error", `@2014-13`: "error", `@T25`: "error", `(1`: "error", `1 2`: "error", `name[`: "error", `$that`: "error", `'\q'`: "error", `#`: "error", `/* a`: "error", `{1}`: "error", ``: "error",
	} {
		x, err := Compile(expression)
		var out Collection
		if err == nil {
			out, err = x.Evaluate(t.Context(), Resource(fhir.R4(), n), &Options{Now: time.Date(2026, 1, 31, 14, 30, 0, 0, time.UTC)})
		}
		got := "error"
		if err == nil {
			var parts []string
			for _, i := range out {
				parts = append(parts, i.Type().Name+":"+i.String())
			}
			got = strings.Join(parts, " ")
		}
		if got != want {
			t.Errorf("%s\ngot  %s (%v)\nwant %s", expression, got, err, want)
		}
	}
}

func TestConditions(t *testing.T) {
	n := tree(t, patient)
	for expression, want := range map[string]bool{`active`: true, `active.not()`: false, `{}`: false, `birthDate`: true} {
		x, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := x.Test(t.Context(), Resource(fhir.R4(), n), nil); err != nil || got != want || x.String() != expression {
			t.Errorf("%s: %t %v", x, got, err)
		}
	}
	x, err := Compile("name")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Test(t.Context(), Resource(fhir.R4(), n), nil); err == nil {
		t.Error("two items are a condition")
	}
	if Resource(fhir.R4(), nil) != nil {
		t.Error("no resource is an item")
	}
}

func TestItems(t *testing.T) {
	n := tree(t, patient)
	x, err := Compile("birthDate | name | 1")
	if err != nil {
		t.Fatal(err)
	}
	var told string
	out, err := x.Evaluate(t.Context(), Resource(fhir.R4(), n), &Options{Trace: func(name string, _ Collection) { told = name }})
	if err != nil || len(out) != 4 {
		t.Fatal(out, err)
	}
	if !out[0].HasValue() || out[0].More() == nil || !out[0].IsElement() || out[1].HasValue() || out[1].Node() == nil || out[3].IsElement() || !out[3].HasValue() || out[3].Node() != nil {
		t.Errorf("%+v", out)
	}
	if x, err = Compile("name.trace('seen', given)"); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Evaluate(t.Context(), Resource(fhir.R4(), n), &Options{Trace: func(name string, _ Collection) { told = name }}); err != nil || told != "seen" {
		t.Errorf("trace told %q, %v", told, err)
	}
}

func TestCheck(t *testing.T) {
	n := tree(t, patient)
	for expression, want := range map[string]string{
		`name.given`: "", `name.nick`: `"nick"`, `Patient.name.where(nick = 1)`: `"nick"`, `Observation.value`: `"Observation"`, `multipleBirthInteger`: `"multipleBirthInteger"`,
		`multipleBirth.as(integer)`: "", `(multipleBirth as Period).start`: `"Period"`, `name.select(family | given)`: "", `children().first()`: "first()", `descendants()[0]`: "index", `children().sort(id).first()`: "",
		`contact.name.given`: "", `contact.name.nick`: `"nick"`, `contained.anything`: "", `iif(true, nick)`: "", `name.given | name.nick`: `"nick"`, `name[nick]`: `"nick"`, `name is Nothing`: `"Nothing"`,
	} {
		x, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		err = x.Check(Resource(fhir.R4(), n), fhir.R4())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
}

// What a type was asked for is of that type, also where nothing is known of what it was asked of.
func TestCheckFollowsTypes(t *testing.T) {
	n := tree(t, `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}}]}`)
	for expression, want := range map[string]string{
		`entry.resource.famly`: "", `entry.resource.ofType(Patient).name.family`: "", `entry.resource.ofType(Patient).name.famly`: `"famly"`,
		`(entry.resource.first() as Patient).nick`: `"nick"`, `entry.resource.ofType(DomainResource).name`: "", `entry.resource.ofType(Observation).value.ofType(Quantity).unit`: "",
	} {
		x, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		err = x.Check(Resource(fhir.R4(), n), fhir.R4())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
}

// An expression that is right for one type of several is no mistake; else the one that gets furthest is told.
func TestMistakes(t *testing.T) {
	resources := []*fhir.Node{tree(t, `{"resourceType":"Observation"}`), tree(t, patient), tree(t, `{"resourceType":"Location"}`)}
	for expression, want := range map[string]string{
		`Observation.value.value`: "", `name.famly`: "at offset 5: the definitions have no element \"famly\" here", `nick`: "at offset 0: the definitions have no element \"nick\" here",
	} {
		x, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		m := x.Mistakes(fhir.R4())
		for _, n := range resources {
			m.Look(Resource(fhir.R4(), n), 0)
		}
		found := ""
		if e := m.Found(); e != nil {
			found = e.Error()
		}
		if found != want {
			t.Errorf("%s: %q, want %q", expression, found, want)
		}
		if m.Look(nil, 1); m.Found() != nil {
			t.Errorf("%s: a mistake with an answer", expression)
		}
	}
}

func TestHostileExpressionsEnd(t *testing.T) {
	n := tree(t, patient)
	for _, expression := range []string{
		`repeatAll($this)`, `name.repeatAll(%resource.name)`,
		`descendants().select(%resource.descendants().select(%resource.descendants().select(%resource.descendants().select(%resource.descendants()))))`,
		strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), strings.Repeat("-", 5000) + "1", strings.Repeat("1+", 30000) + "1", "name" + strings.Repeat(".name", 12000), strings.Repeat("iif(true,", 3000) + "1",
		"'a'" + strings.Repeat(".replace('a','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", 20), "'a'.matches('" + strings.Repeat("(a*)*", 2000) + "')", "10" + strings.Repeat(".power(99)", 50) + ".power(9)." + "empty().not().toString() + 1",
	} {
		x, err := Compile(expression)
		if err == nil {
			_, err = x.Evaluate(t.Context(), Resource(fhir.R4(), n), &Options{MaxSteps: 500_000, MaxItems: 50_000})
		}
		var known *Error
		if !errors.As(err, &known) {
			t.Errorf("%.60s: %v", expression, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x, err := Compile("name.given")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Evaluate(ctx, Resource(fhir.R4(), n), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestResolve(t *testing.T) {
	bundle := tree(t, `{"resourceType":"Bundle","entry":[
		{"fullUrl":"http://a.test/fhir/Observation/1","resource":{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/2"},"performer":[{"reference":"urn:uuid:3"},{"reference":"Group/9"}]}},
		{"fullUrl":"http://a.test/fhir/Patient/2","resource":{"resourceType":"Patient","id":"2"}},{"fullUrl":"urn:uuid:3","resource":{"resourceType":"Practitioner","id":"3"}}]}`)
	evaluate := func(expression string, o *Options) string {
		t.Helper()
		x, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		out, err := x.Evaluate(t.Context(), Resource(fhir.R4(), bundle), o)
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, i := range out {
			parts = append(parts, i.String())
		}
		return strings.Join(parts, " ")
	}
	const subject = "entry.resource.ofType(Observation).subject.resolve()"
	const performer = "entry.resource.ofType(Observation).performer.resolve().type().name"
	if got := evaluate(subject+".id", nil); got != "2" {
		t.Errorf("subject %s", got)
	}
	if got := evaluate(performer, nil); got != "Practitioner" {
		t.Errorf("performers %s", got)
	}
	if got := evaluate(performer, &Options{StubReferences: true}); got != "Practitioner Group" {
		t.Errorf("with stubs %s", got)
	}
	outside := func(reference string) *fhir.Node {
		return fhir.NewObject(fhir.NewString("Group").Named("resourceType"), fhir.NewString(reference).Named("id"))
	}
	if got := evaluate("entry.resource.performer.resolve().ofType(Group).id", &Options{Resolve: outside}); got != "Group/9" {
		t.Errorf("outside %s", got)
	}
}

func TestSearchParametersCompile(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range fhir.R4().Types() {
		for _, p := range fhir.R4().SearchParameters(name) {
			if p.Expression == "" || seen[p.Expression] {
				continue
			}
			seen[p.Expression] = true
			if _, err := Compile(p.Expression); err != nil {
				t.Errorf("%s: %v: %s", p.URL, err, p.Expression)
			}
		}
	}
	if len(seen) < 800 {
		t.Errorf("only %d expressions", len(seen))
	}
}

func TestInvariantsCompile(t *testing.T) {
	n := 0
	var visit func(e *fhir.ElementDefinition)
	visit = func(e *fhir.ElementDefinition) {
		for _, c := range e.Constraints {
			if c.Expression == "" {
				continue
			}
			n++
			if _, err := Compile(c.Expression); err != nil {
				t.Errorf("%s: %v: %s", c.Key, err, c.Expression)
			}
		}
		for _, c := range e.Children {
			visit(c)
		}
	}
	for _, name := range fhir.R4().Types() {
		visit(fhir.R4().Type(name).Root)
	}
	if n < 200 {
		t.Errorf("only %d invariants", n)
	}
}

func ExampleExpression_Evaluate() {
	n, err := fhir.ParseJSON([]byte(`{"resourceType":"Patient","name":[{"use":"official","family":"Moss","given":["Ada"]}]}`))
	if err != nil {
		panic(err)
	}
	x, err := Compile("Patient.name.where(use = 'official').select(given.first() + ' ' + family)")
	if err != nil {
		panic(err)
	}
	result, err := x.Evaluate(context.Background(), Resource(fhir.R4(), n), nil)
	if err != nil {
		panic(err)
	}
	for _, item := range result {
		fmt.Println(item.Type(), item)
	}
	// Output: System.String Ada Moss
}

func BenchmarkEvaluate(b *testing.B) {
	n := tree(b, patient)
	x, err := Compile("Patient.name.where(use = 'official').given.first()")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Evaluate(b.Context(), Resource(fhir.R4(), n), nil); err != nil {
			b.Fatal(err)
		}
	}
}
