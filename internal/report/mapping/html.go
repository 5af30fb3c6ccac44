package mappaper

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"strings"

	"trestle/internal/mapping"
)

// pageStyle is the style of the page. It knows dark screens and paper, and asks for nothing from anywhere.
const pageStyle = `:root{color-scheme:light dark;--ink:#1c2430;--soft:#55606e;--paper:#fff;--line:#d5dae1;--head:#1f3a5f;--band:#eef2f7;--mark:#8c1d18}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a3adba;--paper:#14181e;--line:#39424e;--head:#9cc1ee;--band:#1d242d;--mark:#ffb4ab}}
*{box-sizing:border-box}body{font:14px/1.45 "Open Sans",system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:110rem;margin:0 auto;padding:2rem}
h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0 1.2rem;color:var(--head)}h2{font-size:1.35rem;margin:2.6rem 0 .5rem;color:var(--head);border-bottom:2px solid var(--head);padding-bottom:.2rem}
h3{font-size:1.02rem;margin:1.6rem 0 .4rem}p{margin:.3rem 0;max-width:60rem}.soft{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.6rem;margin:0}dt{color:var(--soft)}dd{margin:0}
nav{margin:1.6rem 0 0}nav a{display:inline-block;margin-right:1.2rem;color:var(--head)}
.t{overflow-x:auto}table{border-collapse:collapse;width:100%;table-layout:fixed}th,td{text-align:left;vertical-align:top;padding:.3rem .55rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{background:var(--band);font-weight:600;border-bottom:1px solid var(--soft);hyphens:none;overflow-wrap:normal}td>*{display:block}code{font:12.5px/1.45 Hack,ui-monospace,monospace}
td small{color:var(--soft);font-size:12.5px}td b{color:var(--mark)}td a{color:inherit}tr:target{outline:2px solid var(--head)}table.sign td{height:3.6rem}
@media screen and (max-width:70rem){.t table{min-width:64rem}}
@media print{@page{size:SIZE landscape;margin:12mm}body{font-size:9pt;padding:0;max-width:none}code,td small{font-size:8pt}h2{break-before:page}h2,h3{break-after:avoid}nav{display:none}thead{display:table-header-group}tr{break-inside:avoid}.t{overflow:visible}}`

// writeHTML writes the specification as one page: no script, no font, no picture, no network.
func (s Spec) writeHTML(ctx context.Context, w io.Writer) error {
	p, err := s.newPaper()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	size := "A4"
	if s.Letter {
		size = "letter"
	}
	fmt.Fprintf(out, `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s</title><style>%s</style></head><body>
<p class="soft">Mapping specification</p><h1>%s</h1>
<dl>`, html.EscapeString(s.title()), strings.Replace(pageStyle, "SIZE", size, 1), html.EscapeString(s.title()))
	for _, f := range p.facts {
		fmt.Fprintf(out, "<dt>%s</dt><dd>%s</dd>\n", html.EscapeString(f.name), html.EscapeString(f.value))
	}
	out.WriteString("</dl>\n<nav>")
	for i := range p.parts {
		fmt.Fprintf(out, `<a href="#p%d">%s</a>`, i+1, html.EscapeString(p.parts[i].name))
	}
	out.WriteString("</nav>\n")
	ids := map[string]bool{}
	p.Mapping.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			ids[b.Rules[i].ID] = true
		}
	})
	for i := range p.parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := &p.parts[i]
		fmt.Fprintf(out, "<section><h2 id=\"p%d\">%s</h2>\n", i+1, html.EscapeString(part.name))
		for _, text := range part.intro {
			fmt.Fprintf(out, "<p>%s</p>\n", html.EscapeString(text))
		}
		for j := range part.tables {
			htmlTable(out, &part.tables[j], part.sign, part.name == "Rules", ids)
		}
		out.WriteString("</section>\n")
	}
	out.WriteString("</body></html>\n")
	return out.Flush()
}

// htmlTable writes a table. Rows of rules can be linked to, and other parts link to them.
func htmlTable(out *bufio.Writer, t *table, sign, rules bool, ids map[string]bool) {
	if t.title != "" {
		fmt.Fprintf(out, "<h3>%s</h3>\n", html.EscapeString(t.title))
	}
	if t.note != "" {
		fmt.Fprintf(out, "<p class=\"soft\">%s</p>\n", html.EscapeString(t.note))
	}
	total := 0.0
	for _, c := range t.columns {
		total += c.weight
	}
	class := ""
	if sign {
		class = ` class="sign"`
	}
	fmt.Fprintf(out, "<div class=\"t\"><table%s><colgroup>", class)
	for _, c := range t.columns {
		fmt.Fprintf(out, `<col style="width:%.1f%%">`, 100*c.weight/total)
	}
	out.WriteString("</colgroup><thead><tr>")
	for _, c := range t.columns {
		fmt.Fprintf(out, "<th>%s</th>", html.EscapeString(c.title))
	}
	out.WriteString("</tr></thead><tbody>\n")
	for _, row := range t.rows {
		if rules {
			fmt.Fprintf(out, `<tr id="r-%s">`, html.EscapeString(row[0].text()))
		} else {
			out.WriteString("<tr>")
		}
		for _, c := range row {
			out.WriteString("<td>")
			for _, l := range c {
				text := html.EscapeString(l.text)
				if l.style == code && !rules {
					text = linked(l.text, ids)
				}
				tag := [...]string{plain: "span", code: "code", soft: "small", strong: "b"}[l.style]
				fmt.Fprintf(out, "<%s>%s</%s>", tag, strings.ReplaceAll(text, "\n", "<br>"), tag)
			}
			out.WriteString("</td>")
		}
		out.WriteString("</tr>\n")
	}
	out.WriteString("</tbody></table></div>\n")
}

// linked makes links of the rules in a list.
func linked(list string, ids map[string]bool) string {
	parts := strings.Split(list, ", ")
	for i, name := range parts {
		parts[i] = html.EscapeString(name)
		if ids[name] {
			parts[i] = fmt.Sprintf(`<a href="#r-%s">%s</a>`, parts[i], parts[i])
		}
	}
	return strings.Join(parts, ", ")
}
