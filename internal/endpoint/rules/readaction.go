package rules

import (
	"net"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"trestle/internal/hl7"
)

var codes = []string{"AA", "AE", "AR", "CA", "CE", "CR", None}

func (r *reader) action(n *yaml.Node, a *Action) {
	if isEmpty(n) {
		return
	}
	if n.Kind == yaml.ScalarNode { // then: AE
		r.word("then", &a.Code, codes...)(n)
		return
	}
	r.mapping(n, "then",
		key{"code", r.word("code", &a.Code, codes...)},
		key{"exact", r.flag("exact", &a.Exact)},
		key{"text", r.template("text", &a.Text)},
		key{"errors", func(n *yaml.Node) {
			r.list(n, "errors", func(e *yaml.Node) {
				var x ErrorText
				r.errorText(e, &x)
				a.Errors = append(a.Errors, x)
			})
		}},
		key{"reply", r.template("reply", &a.Reply)},
		key{"query", func(n *yaml.Node) {
			a.Query = &Query{}
			if n.Kind == yaml.ScalarNode { // query: found
				r.word("query", &a.Query.Matches, "found", "none", "one", "many")(n)
				return
			}
			r.mapping(n, "query",
				key{"answer", r.word("answer", &a.Query.Answer, "RSP^K22", "RSP^K21", "ADR^A19")},
				key{"matches", r.word("matches", &a.Query.Matches, "found", "none", "one", "many")})
		}},
		key{"forward", func(n *yaml.Node) {
			a.Forward = &Forward{}
			if n.Kind == yaml.ScalarNode { // forward: host:port
				r.address("forward", &a.Forward.To)(n)
				return
			}
			r.mapping(n, "forward",
				key{"to", r.address("to", &a.Forward.To)},
				key{"timeout", r.duration("timeout", &a.Forward.Timeout)},
				key{"relay", r.flag("relay", &a.Forward.Relay)})
			if a.Forward.To == "" {
				r.fail(n, "forward needs to: host:port")
			}
		}},
		key{"application", func(n *yaml.Node) {
			a.Application = &Application{}
			r.mapping(n, "application",
				key{"code", r.word("code", &a.Application.Code, "AA", "AE", "AR")},
				key{"after", r.duration("after", &a.Application.After)},
				key{"to", r.address("to", &a.Application.To)})
		}},
	)
	if a.Reply != nil && a.Query != nil {
		r.fail(n, "a rule answers with a reply of its own or with a query answer, not both")
	}
}

func (r *reader) errorText(n *yaml.Node, x *ErrorText) {
	r.mapping(n, "an error",
		key{"code", r.text("code", &x.Code)},
		key{"location", func(n *yaml.Node) {
			r.text("location", &x.Location)(n)
			if _, err := hl7.ParsePath(x.Location); err != nil {
				r.fail(n, "location: %s", err)
			}
		}},
		key{"severity", r.word("severity", &x.Severity, "E", "W", "I", "F")},
		key{"application", r.text("application", &x.Application)},
		key{"text", r.template("text", &x.Diagnostic)},
		key{"user-text", r.template("user-text", &x.User)},
	)
}

func (r *reader) address(what string, to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok {
			return
		}
		if _, port, err := net.SplitHostPort(s); err != nil || port == "" {
			r.fail(n, "%s is %q; it must be host:port, as in 127.0.0.1:2576", what, shorten(s))
			return
		}
		*to = s
	}
}

// faults reads a list of faults: a name alone, or a mapping with how much and how often.
func (r *reader) faults(to *[]Fault) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.list(n, "faults", func(e *yaml.Node) {
			var f Fault
			kind := func(n *yaml.Node) {
				s, _ := r.scalar(n, "a fault")
				f.Kind = FaultKind(s)
				if _, ok := f.Kind.Info(); !ok {
					r.fail(n, "there is no fault %q; there are %s", shorten(s), faultNames())
				}
			}
			if e.Kind == yaml.ScalarNode {
				kind(e)
			} else {
				r.mapping(e, "a fault",
					key{"fault", kind},
					key{"time", r.duration("time", &f.Time)},
					key{"to", r.duration("to", &f.To)},
					key{"sigma", r.sigma(&f.Sigma)},
					key{"count", r.number("count", 1, &f.Count)},
					key{"value", r.text("value", &f.Value)},
					key{"every", r.number("every", 1, &f.Every)},
					key{"first", r.number("first", 1, &f.First)},
					key{"chance", r.chance(&f.Chance)},
					key{"off", r.flag("off", &f.Off)},
				)
				if f.Kind == "" {
					r.fail(e, "a fault needs its name, as in {fault: late-ack, time: 8s}")
				}
			}
			r.argument(e, f)
			*to = append(*to, f)
		})
	}
}

// argument refuses an argument that the fault does not take: it would do nothing, and nobody would know why.
func (r *reader) argument(n *yaml.Node, f Fault) {
	info, ok := f.Kind.Info()
	if !ok {
		return
	}
	switch {
	case f.Time != 0 && info.Argument != TimeArgument:
		r.fail(n, "%s takes no time", f.Kind)
	case (f.To != 0 || f.Sigma != 0) && info.Argument != TimeArgument:
		r.fail(n, "%s takes no time that could be spread", f.Kind)
	case f.To != 0 && f.Sigma != 0:
		r.fail(n, "%s has both to and sigma: a time lies between time and to, or is lognormal about time", f.Kind)
	case f.To != 0 && f.To <= f.Duration():
		r.fail(n, "%s has a to that is not after its time", f.Kind)
	case f.Count != 0 && info.Argument != CountArgument:
		r.fail(n, "%s takes no count", f.Kind)
	case f.Value != "" && info.Argument != ValueArgument:
		r.fail(n, "%s takes no value", f.Kind)
	case f.Value != "" && !slices.Contains(info.Values, f.Value):
		r.fail(n, "%s has the value %q; it must be one of %s", f.Kind, shorten(f.Value), strings.Join(info.Values, ", "))
	case f.Count > 1000 && f.Kind == DuplicateAck:
		r.fail(n, "%s takes a count of at most 1000", f.Kind)
	}
}

func faultNames() string {
	names := make([]string, len(faults)+len(httpFaults))
	for i, f := range slices.Concat(faults, httpFaults) {
		names[i] = string(f.Kind)
	}
	return strings.Join(names, ", ")
}
