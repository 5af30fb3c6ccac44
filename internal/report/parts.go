package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainNamespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relations     = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageTypes  = "http://schemas.openxmlformats.org/package/2006"
	contentType   = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

// styles: 0 general, 1 text, 2 heading: bold white on dark blue, with a line below, 3 text in several lines, 4 general
// beside it. Number format 49 is Text.
const styles = xmlHead + `<styleSheet xmlns="` + mainNamespace + `">` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>` +
	`<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/><family val="2"/></font></fonts>` +
	`<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>` +
	`<fill><patternFill patternType="solid"><fgColor rgb="FF1F3A5F"/><bgColor indexed="64"/></patternFill></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
	`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment vertical="top"/></xf></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

// parts writes what is left once the sheets are there, because only then their number is known.
func (x *xlsx) parts(b Book) error {
	var types, sheets, rels, names strings.Builder
	for i, name := range x.names {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i+1, contentType)
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, attribute(name), i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, relations, i+1)
		if x.print {
			fmt.Fprintf(&names, `<definedName name="_xlnm.Print_Titles" localSheetId="%d">'%s'!$1:$1</definedName>`, i, attribute(strings.ReplaceAll(name, "'", "''")))
		}
	}
	fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, len(x.names)+1, relations)
	for _, part := range []struct{ name, content string }{
		{"xl/styles.xml", styles},
		{"xl/workbook.xml", xmlHead + `<workbook xmlns="` + mainNamespace + `" xmlns:r="` + relations + `"><sheets>` + sheets.String() + `</sheets>` + within("definedNames", names.String()) + `</workbook>`},
		{"xl/_rels/workbook.xml.rels", xmlHead + `<Relationships xmlns="` + packageTypes + `/relationships">` + rels.String() + `</Relationships>`},
		{"docProps/core.xml", b.properties()},
		{"_rels/.rels", xmlHead + `<Relationships xmlns="` + packageTypes + `/relationships">` +
			`<Relationship Id="rId1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/>` +
			`<Relationship Id="rId2" Type="` + packageTypes + `/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`},
		{"[Content_Types].xml", xmlHead + `<Types xmlns="` + packageTypes + `/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + contentType + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + contentType + `styles+xml"/>` +
			`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>` + types.String() + `</Types>`},
	} {
		w, err := x.zip.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, part.content); err != nil {
			return err
		}
	}
	return nil
}

// within puts content into an element, if there is any.
func within(element, content string) string {
	if content == "" {
		return ""
	}
	return "<" + element + ">" + content + "</" + element + ">"
}

func (b Book) properties() string {
	made := ""
	if !b.Made.IsZero() {
		made = `<dcterms:created xsi:type="dcterms:W3CDTF">` + b.Made.UTC().Format(time.RFC3339) + `</dcterms:created>`
	}
	return xmlHead + `<cp:coreProperties xmlns:cp="` + packageTypes + `/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
		` xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>` + attribute(b.Title) +
		`</dc:title><dc:creator>` + attribute(b.Author) + `</dc:creator>` + made + `</cp:coreProperties>`
}

// attribute escapes text for an attribute or a short element.
func attribute(s string) string {
	var b strings.Builder
	w := bufio.NewWriter(&b)
	writeText(w, s)
	w.Flush()
	return strings.ReplaceAll(b.String(), `"`, "&quot;")
}
