package difference

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"trestle/internal/compare"
)

// HTML writes one page that needs nothing else: no script, no font, no picture, no network. The pairs are written as they
// come and the summary last; the page's style puts the summary on top.
type HTML struct {
	w      *bufio.Writer
	o      Options
	begun  bool
	listed int
	left   int // pairs that differ and are not listed
}

// maxPairs is how many pairs the page lists; the patterns speak of all.
const maxPairs = 1000

// NewHTML returns a writer of a page.
func NewHTML(w io.Writer, o Options) *HTML {
	if o.Title == "" {
		o.Title = "Comparison"
	}
	return &HTML{w: bufio.NewWriterSize(w, 64<<10), o: o}
}

const style = `:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--paper:#fff;--line:#d5dae1;--add:#0a5c2b;--addback:#e3f4e8;--del:#8c1d18;--delback:#fbe9e7}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a3adba;--paper:#14181e;--line:#39424e;--add:#8fdca9;--addback:#12331f;--del:#ffb4ab;--delback:#42191a}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:72rem;margin:2rem auto;padding:0 1rem;display:flex;flex-direction:column}
#summary{order:-1}h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:1.6rem 0 .5rem}p{margin:.3rem 0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code,td.v{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}
details{border-bottom:1px solid var(--line);padding:.3rem 0}summary{cursor:pointer}small,.soft{color:var(--soft)}
ins{color:var(--add);background:var(--addback);text-decoration:none}ins::before{content:"+"}del{color:var(--del);background:var(--delback)}del::before{content:"−"}
.bar{display:inline-block;height:.6rem;background:var(--soft);vertical-align:middle}td.z{color:var(--line)}
table.d{table-layout:fixed}table.d th:nth-child(1){width:9rem}table.d th:nth-child(2){width:11rem}
.share{display:flex;width:14rem;height:.9rem;border:1px solid var(--line)}.share i{display:block;min-width:3px}
.s0{background:#2e8b57}.s1{background:#9aa7b5}.s2{background:repeating-linear-gradient(45deg,#3b7dd8 0 3px,var(--paper) 3px 6px)}.s3{background:repeating-linear-gradient(-45deg,#c2362b 0 5px,#7f1d16 5px 7px)}
.s4{background:repeating-linear-gradient(90deg,#b7791f 0 3px,var(--paper) 3px 6px)}.s5{background:repeating-linear-gradient(0deg,#b7791f 0 3px,var(--paper) 3px 6px)}
.key{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem}.key i{display:inline-block;width:1.4rem;height:.8rem;margin-right:.35rem;vertical-align:-.05rem;border:1px solid var(--line)}
@media print{details{break-inside:avoid}}`

func (h *HTML) begin() {
	if h.begun {
		return
	}
	h.begun = true
	fmt.Fprintf(h.w, `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s</title><style>%s</style></head><body>
<section id="pairs"><h2>Pairs that differ</h2>
`, esc(h.o.Title), style)
}

// Pair implements Writer.
func (h *HTML) Pair(p *compare.Pair) error {
	h.begin()
	if p.Status <= compare.Same {
		return nil
	}
	if h.listed == maxPairs {
		h.left++
		return nil
	}
	h.listed++
	duplicate := ""
	if p.Duplicate {
		duplicate = ", an earlier message has the same key"
	}
	fmt.Fprintf(h.w, "<details%s><summary><b>%s</b> %s <small>%s%s</small></summary>\n", openFirst(h.listed), esc(p.Title(h.o.Mask)), esc(p.Type), p.Status, duplicate)
	if p.Result != nil {
		h.differences(p.Result)
	} else {
		h.w.WriteString("<p class=\"soft\">The other side has no such message.</p>")
	}
	_, err := h.w.WriteString("</details>\n")
	return err
}

// openFirst opens the first few pairs.
func openFirst(n int) string {
	if n <= 3 {
		return " open"
	}
	return ""
}

func (h *HTML) differences(r *compare.Result) {
	h.w.WriteString("<table class=\"d\"><tr><th>What<th>Where<th>Left<th>Right</tr>\n")
	n, more := 0, 0
	for d := range r.Shown() {
		if n++; n > maxListed {
			more++
			continue
		}
		what := d.Kind.String()
		switch {
		case d.Kind == compare.Formatting:
			what += "<br><small>" + esc(d.About) + "</small>"
		case d.Kind == compare.Moved && d.Count > 1:
			what += fmt.Sprintf("<br><small>%d segments</small>", d.Count)
		}
		if d.Verdict == compare.Expected {
			what += "<br><small>expected: " + esc(d.Rule) + "</small>"
		}
		where := esc(d.Path)
		if d.Right.Path != "" && d.Left.Path != "" && d.Left.Path != d.Right.Path {
			where += " → " + esc(d.Right.Path)
		}
		left, right := h.values(d)
		fmt.Fprintf(h.w, "<tr><td>%s<td><code>%s</code><td class=\"v\">%s<td class=\"v\">%s</tr>\n", what, where, left, right)
	}
	h.w.WriteString("</table>\n")
	if more > 0 {
		fmt.Fprintf(h.w, "<p class=\"soft\">… and %s more.</p>\n", strconv.Itoa(more))
	}
}

// values are both sides as marked text.
func (h *HTML) values(d *compare.Difference) (left, right string) {
	l, r := d.Texts(h.o.Mask)
	if runs := d.Words(); runs != nil && l == d.Left.Text {
		return marked(runs, compare.Insert, "del"), marked(runs, compare.Delete, "ins")
	}
	show := func(s, tag string) string {
		if s == "" {
			return ""
		}
		if d.Kind == compare.Moved || d.Kind == compare.Formatting {
			return esc(short(s))
		}
		return "<" + tag + ">" + esc(short(s)) + "</" + tag + ">"
	}
	return show(l, "del"), show(r, "ins")
}

// marked writes the runs of one side.
func marked(runs []compare.Run, without compare.Kind, tag string) string {
	var b strings.Builder
	for _, r := range runs {
		switch {
		case r.Kind == without:
		case r.Kind == compare.Equal:
			b.WriteString(esc(middle(r.Text)))
		default:
			b.WriteString("<" + tag + ">" + esc(short(r.Text)) + "</" + tag + ">")
		}
	}
	return b.String()
}

const longestShown = 2000 // bytes of a value on the page

func short(s string) string {
	if len(s) > longestShown {
		return strings.ToValidUTF8(s[:longestShown], "") + "…"
	}
	return s
}

// middle shortens a long stretch that both sides share.
func middle(s string) string {
	const around = 120
	if len(s) <= 3*around {
		return s
	}
	return strings.ToValidUTF8(s[:around], "") + " … " + strings.ToValidUTF8(s[len(s)-around:], "")
}

// Close implements Writer.
func (h *HTML) Close(s *compare.Summary) error {
	h.begin()
	switch {
	case h.listed == 0:
		h.w.WriteString("<p>None.</p>\n")
	case h.left > 0:
		fmt.Fprintf(h.w, "<p>%d more pairs differ; the JSON of the same command lists all.</p>\n", h.left)
	}
	h.w.WriteString("</section>\n<section id=\"summary\">\n")
	fmt.Fprintf(h.w, "<h1>%s</h1>\n", esc(h.o.Title))
	if h.o.Left != "" || h.o.Right != "" {
		fmt.Fprintf(h.w, "<p class=\"soft\">Left: <code>%s</code> · Right: <code>%s</code></p>\n", esc(h.o.Left), esc(h.o.Right))
	}
	for _, line := range Sentences(s) {
		fmt.Fprintf(h.w, "<p>%s</p>\n", esc(line))
	}
	if h.o.Rules != "" {
		fmt.Fprintf(h.w, "<p class=\"soft\">Rules: %s.</p>\n", esc(h.o.Rules))
	}
	if h.o.Mask {
		h.w.WriteString("<p class=\"soft\">Patient data is masked.</p>\n")
	}
	h.types(s)
	h.patterns(s)
	h.w.WriteString("</section>\n</body></html>\n")
	return h.w.Flush()
}

func (h *HTML) types(s *compare.Summary) {
	h.w.WriteString("<h2>By type of message</h2>\n<table><tr><th>Type<th>Share")
	for _, status := range compare.Statuses() {
		fmt.Fprintf(h.w, "<th class=\"n\">%s", status)
	}
	h.w.WriteString("</tr>\n")
	for _, t := range s.Types {
		fmt.Fprintf(h.w, "<tr><td>%s<td>", esc(orWord(t.Type, "without a type")))
		h.share(t)
		for _, status := range compare.Statuses() {
			class := "n"
			if t.Counts[status] == 0 {
				class = "n z"
			}
			fmt.Fprintf(h.w, "<td class=\"%s\">%d", class, t.Counts[status])
		}
		h.w.WriteString("</tr>\n")
	}
	h.w.WriteString("</table>\n<p class=\"key soft\">")
	for _, status := range compare.Statuses() {
		fmt.Fprintf(h.w, "<span><i class=\"s%d\"></i>%s</span>", status, status)
	}
	h.w.WriteString("</p>\n")
}

// share draws the statuses of a type as one bar. Each has a pattern of its own beside its colour.
func (h *HTML) share(t compare.TypeCount) {
	h.w.WriteString("<div class=\"share\">")
	for _, status := range compare.Statuses() {
		if n := t.Counts[status]; n > 0 {
			fmt.Fprintf(h.w, "<i class=\"s%d\" style=\"flex:%d\" title=\"%d %s\"></i>", status, n, n, status)
		}
	}
	h.w.WriteString("</div>")
}

func (h *HTML) patterns(s *compare.Summary) {
	h.w.WriteString("<h2>What differs, and how often</h2>\n")
	if len(s.Patterns) == 0 {
		h.w.WriteString("<p>Nothing beyond what was expected.</p>\n")
		return
	}
	most := 1
	for _, p := range s.Patterns {
		most = max(most, p.Count)
	}
	h.w.WriteString("<table><tr><th>Where<th>What<th class=\"n\">Count<th class=\"n\">Pairs<th>Examples</tr>\n")
	for i, p := range s.Patterns {
		if i == maxListed {
			fmt.Fprintf(h.w, "<tr><td colspan=\"5\">… and %d more patterns</tr>\n", len(s.Patterns)-i)
			break
		}
		fmt.Fprintf(h.w, "<tr><td><code>%s</code><td>%s<td class=\"n\">%d<br><span class=\"bar\" style=\"width:%.1frem\"></span><td class=\"n\">%d<td class=\"v\">",
			esc(p.Path), p.Kind, p.Count, 0.2+4*float64(p.Count)/float64(most), p.Pairs)
		for k, e := range p.Examples {
			if k == 3 {
				break
			}
			key, left, right := example(e, h.o.Mask)
			if k > 0 {
				h.w.WriteString("\n")
			}
			fmt.Fprintf(h.w, "<small>%s</small> %s", esc(key), exampleText(p.Kind, left, right))
		}
		h.w.WriteString("</tr>\n")
	}
	h.w.WriteString("</table>\n")
	if s.Overflow > 0 {
		fmt.Fprintf(h.w, "<p>%d differences belong to further patterns.</p>\n", s.Overflow)
	}
}

// longExample is from how many bytes on the words that differ are marked in an example.
const longExample = 24

func exampleText(kind compare.Change, left, right string) string {
	switch kind {
	case compare.Added:
		return "<ins>" + esc(right) + "</ins>"
	case compare.Removed:
		return "<del>" + esc(left) + "</del>"
	case compare.Moved:
		return esc(left)
	}
	if kind == compare.Changed && min(len(left), len(right)) >= longExample {
		var b strings.Builder
		for _, r := range compare.WholeWords(left, right) {
			switch r.Kind {
			case compare.Delete:
				b.WriteString("<del>" + esc(r.Text) + "</del>")
			case compare.Insert:
				b.WriteString("<ins>" + esc(r.Text) + "</ins>")
			default:
				b.WriteString(esc(r.Text))
			}
		}
		return b.String()
	}
	return "<del>" + esc(left) + "</del> <ins>" + esc(right) + "</ins>"
}

func esc(s string) string { return html.EscapeString(strings.ToValidUTF8(s, "�")) }

// Sentences sum a comparison up in words.
func Sentences(s *compare.Summary) []string {
	var parts []string
	for _, status := range compare.Statuses() {
		if n := s.Count(status); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	how := map[compare.Pairing]string{compare.ByKey: "paired by " + strings.Join(s.Key, " and "), compare.ByOrder: "paired in order", compare.BySimilarity: "paired by what they have in common"}[s.Pairing]
	lines := []string{fmt.Sprintf("%d %s on the left and %d on the right, %s: %s.",
		s.Messages[0], plural(s.Messages[0], "message", "messages"), s.Messages[1], how, orWord(strings.Join(parts, ", "), "none"))}
	if s.Suggested {
		lines = append(lines, "Hardly any message has its control ID (MSH-10) on the other side: the key was chosen by the data.")
	}
	for i, side := range [...]string{"left", "right"} {
		for _, x := range []struct {
			n         int
			one, many string
		}{
			{s.Repeated[i], "message on the %s has a key that stood before", "messages on the %s have a key that stood before"},
			{s.NoKey[i], "message on the %s has no key", "messages on the %s have no key"},
			{s.Skipped[i], "piece on the %s is no message (an envelope, or text of another kind) and was not compared", "pieces on the %s are no messages (envelopes, or text of another kind) and were not compared"},
		} {
			if x.n > 0 {
				lines = append(lines, fmt.Sprintf("%d %s.", x.n, fmt.Sprintf(plural(x.n, x.one, x.many), side)))
			}
		}
	}
	if t := s.Translation; t != nil {
		lines = append(lines, translated(t)...)
	}
	for _, r := range s.Rules {
		if r.Count == 0 && s.Count(compare.Exact) < s.Total() {
			lines = append(lines, fmt.Sprintf("Nothing matched the rule %q.", r.Rule))
		}
	}
	if s.Formats > 0 {
		lines = append(lines, fmt.Sprintf("%d %s in formatting.", s.Formats, plural(s.Formats, "pair differs", "pairs differ")))
	}
	return lines
}

// maxUnread is how many paths the sentence about what no rule reads names.
const maxUnread = 20

func translated(t *compare.Translation) []string {
	lines := []string{fmt.Sprintf("Of %d %s that the mapping made from messages, %d arrived, %d %s changed and %d %s lost.",
		t.Values, plural(t.Values, "value", "values"), t.Arrived, t.Changed, plural(t.Changed, "was", "were"), t.Lost, plural(t.Lost, "was", "were"))}
	if t.Failed > 0 {
		lines = append(lines, fmt.Sprintf("%d %s could not be mapped and %s compared as it came.", t.Failed, plural(t.Failed, "message", "messages"), plural(t.Failed, "was", "were")))
	}
	if len(t.Unread) > 0 {
		var names []string
		for i, u := range t.Unread {
			if i == maxUnread {
				names = append(names, fmt.Sprintf("and %d more", len(t.Unread)-i))
				break
			}
			names = append(names, fmt.Sprintf("%s (%d)", u.Path, u.Messages))
		}
		lines = append(lines, "No rule of the mapping reads, though messages have it: "+strings.Join(names, ", ")+".")
	}
	return lines
}
