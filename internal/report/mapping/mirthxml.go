package mappaper

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"trestle/internal/mapping"
)

// writeMirth writes a transformer for Mirth Connect: what the steps use, a step for each block, and one that runs them.
func (s Spec) writeMirth(w io.Writer) error {
	steps, _, err := s.mirthSteps()
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<transformer version=\"%s\">\n  <elements>\n", mirthVersion)
	for i, step := range steps {
		const class = "com.mirth.connect.plugins.javascriptstep.JavaScriptStep"
		fmt.Fprintf(&b, "    <%s version=\"%s\">\n      <name>%s</name>\n      <sequenceNumber>%d</sequenceNumber>\n      <enabled>true</enabled>\n      <script>%s</script>\n    </%s>\n",
			class, mirthVersion, inXML(step.name), i, inXML(step.text), class)
	}
	b.WriteString("  </elements>\n")
	out, template := "JSON", "{}"
	switch s.Mapping.Target.Kind {
	case mapping.HL7v2:
		out, template = "HL7V2", "MSH|^~\\&|\r"
	case mapping.CSV:
		out, template = "RAW", string(s.Mapping.Header())
	}
	fmt.Fprintf(&b, "  <inboundTemplate encoding=\"base64\"></inboundTemplate>\n  <outboundTemplate encoding=\"base64\">%s</outboundTemplate>\n  <inboundDataType>HL7V2</inboundDataType>\n  <outboundDataType>%s</outboundDataType>\n",
		base64.StdEncoding.EncodeToString([]byte(template)), out)
	b.WriteString(hl7Properties("inbound") + outboundProperties(out) + "</transformer>\n")
	_, err = io.WriteString(w, b.String())
	return err
}

func inXML(s string) string {
	var b strings.Builder
	if xml.EscapeText(&b, []byte(s)) != nil {
		return ""
	}
	return strings.NewReplacer("&#xA;", "\n", "&#x9;", "\t", "&#39;", "'", "&#34;", `"`).Replace(b.String())
}

// dataTypes is the package of what Mirth Connect knows of data types.
const dataTypes = "com.mirth.connect.plugins.datatypes."

// properties writes an element of a class of Mirth Connect.
func properties(element, class, content string) string {
	return fmt.Sprintf("<%s class=\"%s%s\" version=\"%s\">%s</%s>\n", element, dataTypes, class, mirthVersion, content, element)
}

// hl7Properties have repetitions and subcomponents taken apart, on which the steps rely; the rest is as Mirth Connect begins.
func hl7Properties(end string) string {
	const p, parser = "hl7v2.HL7v2", "<useStrictParser>false</useStrictParser><useStrictValidation>false</useStrictValidation>"
	return properties(end+"Properties", p+"DataTypeProperties", "\n"+
		properties("serializationProperties", p+"SerializationProperties", "<handleRepetitions>true</handleRepetitions><handleSubcomponents>true</handleSubcomponents>"+parser+
			`<stripNamespaces>false</stripNamespaces><segmentDelimiter>\r</segmentDelimiter><convertLineBreaks>true</convertLineBreaks>`)+
		properties("deserializationProperties", p+"DeserializationProperties", parser+`<segmentDelimiter>\r</segmentDelimiter>`)+
		properties("batchProperties", p+"BatchProperties", "<splitType>MSH_Segment</splitType><batchScript></batchScript>")+
		properties("responseGenerationProperties", p+"ResponseGenerationProperties", `<segmentDelimiter>\r</segmentDelimiter><successfulACKCode>AA</successfulACKCode><successfulACKMessage></successfulACKMessage>`+
			"<errorACKCode>AE</errorACKCode><errorACKMessage>An Error Occurred Processing Message.</errorACKMessage><rejectedACKCode>AR</rejectedACKCode><rejectedACKMessage>Message Rejected.</rejectedACKMessage>"+
			"<msh15ACKAccept>false</msh15ACKAccept><dateFormat>yyyyMMddHHmmss.SSS</dateFormat>")+
		properties("responseValidationProperties", p+"ResponseValidationProperties", "<successfulACKCode>AA,CA</successfulACKCode><errorACKCode>AE,CE</errorACKCode><rejectedACKCode>AR,CR</rejectedACKCode>"+
			"<validateMessageControlId>true</validateMessageControlId><originalMessageControlId>Destination_Encoded</originalMessageControlId><originalIdMapVariable></originalIdMapVariable>"))
}

func outboundProperties(kind string) string {
	const batch = "<splitType>JavaScript</splitType><batchScript></batchScript>"
	switch kind {
	case "HL7V2":
		return hl7Properties("outbound")
	case "RAW":
		return properties("outboundProperties", "raw.RawDataTypeProperties", properties("batchProperties", "raw.RawBatchProperties", batch))
	}
	return properties("outboundProperties", "json.JSONDataTypeProperties", properties("batchProperties", "json.JSONBatchProperties", batch))
}
