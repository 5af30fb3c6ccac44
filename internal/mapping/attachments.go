package mapping

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// attachments turns OBX-5 into Attachments by the type in OBX-2: ED holds data, RP the address of data (HL7 v2 chapters
// 2A.3.24 and 2A.3.63); anything else is text.
func attachments(c *call, in []value) []value {
	kept := in[:0]
	for i := range in {
		v := in[i]
		if v.empty() || !v.isHL7 {
			continue
		}
		var n *fhir.Node
		switch kind := strings.ToUpper(strings.TrimSpace(v.hl7.Segment().Field(2).First())); kind {
		case "ED":
			n = c.encapsulated(parts{v: v.hl7, real: true})
		case "RP":
			n = c.pointer(parts{v: v.hl7, real: true})
		default:
			n = c.document("text/plain", []byte(v.hl7.Text()))
		}
		if n != nil && len(n.Children) > 0 {
			kept = append(kept, nodeValue(n))
		}
	}
	return kept
}

func (c *call) document(kind string, data []byte) *fhir.Node {
	n := c.run.object()
	text := base64.StdEncoding.EncodeToString(data)
	if !c.spend(len(text)) {
		return nil
	}
	c.run.addText(n, "contentType", kind)
	c.run.addText(n, "data", text)
	return n
}

// encapsulated reads ED: application, type of data (table 0191), subtype (table 0291), encoding (table 0299), data.
func (c *call) encapsulated(p parts) *fhir.Node {
	kind := mediaType(p.text(2), p.text(3))
	raw := p.component(5)
	text := raw.Text()
	var data []byte
	var err error
	switch strings.ToUpper(p.text(4)) {
	case "BASE64":
		data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	case "HEX":
		data, err = hex.DecodeString(strings.Join(strings.Fields(text), ""))
	default:
		data = []byte(text)
	}
	if err != nil {
		c.warn("the data in OBX-5 is not in the encoding that it names; it was left out")
		return nil
	}
	if len(data) == 0 {
		return nil
	}
	return c.document(kind, data)
}

// pointer reads RP: pointer, application, type of data, subtype.
func (c *call) pointer(p parts) *fhir.Node {
	n := c.run.object()
	c.run.addText(n, "contentType", mediaType(p.text(3), p.text(4)))
	if at := p.text(1); strings.Contains(at, ":") {
		c.run.addText(n, "url", at)
	} else {
		c.run.addText(n, "title", at)
	}
	return n
}

// mediaTypes are the types of table 0191 in MIME; subtypes those of table 0291 that are known without a type.
var (
	mediaTypes = map[string]string{"AP": "application", "APPLICATION": "application", "AU": "audio", "AUDIO": "audio", "FT": "text", "IM": "image", "IMAGE": "image", "TEXT": "text", "TX": "text", "VIDEO": "video", "MULTIPART": "multipart"}
	subtypes   = map[string]string{"PDF": "application/pdf", "RTF": "application/rtf", "JPEG": "image/jpeg", "JPG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "TIFF": "image/tiff", "TIF": "image/tiff", "HTML": "text/html", "PLAIN": "text/plain", "TXT": "text/plain", "XML": "text/xml", "DICOM": "application/dicom", "CDA": "application/xml", "ZIP": "application/zip", "BASIC": "audio/basic"}
)

// mediaType is the MIME type of a type and subtype of HL7 v2, "" if they do not say.
func mediaType(kind, subtype string) string {
	if strings.Contains(kind, "/") {
		return strings.ToLower(kind)
	}
	if strings.Contains(subtype, "/") {
		return strings.ToLower(subtype)
	}
	if known := subtypes[strings.ToUpper(subtype)]; known != "" {
		return known
	}
	known := mediaTypes[strings.ToUpper(kind)]
	switch {
	case known == "text" && subtype == "":
		return "text/plain"
	case known == "" || subtype == "":
		return ""
	}
	return known + "/" + strings.ToLower(subtype)
}

// following keeps values of segments that stand right after a segment of that name, others of their own name between them:
// notes belong to the segment above them.
func following(name string) apply {
	return func(c *call, in []value) []value {
		names := c.run.message.names
		kept := in[:0]
		for i := range in {
			v := in[i]
			if !v.isHL7 || !v.hl7.IsPresent() {
				continue
			}
			at := v.hl7.Segment().Index()
			own := names[at]
			for at > 0 && names[at] == own {
				at--
			}
			if names[at] == name {
				kept = append(kept, v)
			}
		}
		return kept
	}
}

// segmentName says whether a text can be the name of a segment.
func segmentName(s string) bool {
	p, err := hl7.ParsePath(s + "-1")
	return err == nil && p.Segment == s
}
