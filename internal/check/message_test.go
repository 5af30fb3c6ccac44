package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// head is a good header; a message of it and body has no finding of its own.
const head = "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\r"

// rest makes head a complete ADT^A08.
const evn = "EVN||20260301101500\r"
const pid = "PID|1||4711^^^RIVERBEND^MR||TESTER^ANNA||19800229|F\r"
const pv1 = "PV1|1|O\r"

const oru = "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ORU^R01^ORU_R01|T1|P|2.5.1\r" + pid + "OBR|1||7|GLU^Glucose^L|||202603010900||||||||||||||||||F\r"

// marked takes ⟦ and ⟧ out of a text and returns where they stood.
func marked(text string) (b []byte, offset, length int) {
	before, after, ok := strings.Cut(text, "⟦")
	if !ok {
		return []byte(text), 0, 0
	}
	inside, tail, _ := strings.Cut(after, "⟧")
	return []byte(before + inside + tail), len(before), len(inside)
}

// cases: for each code a message with the place of the finding between ⟦ and ⟧.
// Where repaired is given, the repair must make exactly that of the message.
var cases = []struct {
	code, path, message, repaired string
}{
	{"empty", "", "", ""},
	{"not-hl7v2", "", "⟦ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*1015*^*00501*000000001*0*T*:~⟧", ""},
	{"wrong-protocol", "", "⟦GET / HTTP/1.1\r\nHost: example.org\r\n\r\n⟧", ""},
	{"utf16", "", "⟦\xFF\xFE⟧M\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00|\x00B\x00|\x00", ""},
	{"nul-bytes", "PID-5.1", head + evn + "PID|1||4711^^^R^MR||TES⟦\x00⟧TER^ANNA\r" + pv1, ""},
	{"byte-order-mark", "", "⟦\xEF\xBB\xBF⟧" + head + evn + pid + pv1, head + evn + pid + pv1},
	{"charset-missing", "PID-5.1", head + evn + "PID|1||4711^^^R^MR||M⟦\xC3⟧\xBCLLER^ANNA\r" + pv1, ""},
	{"charset-wrong", "MSH-18", strings.TrimSuffix(head, "\r") + "||||||⟦UNICODE UTF-8⟧\r" + evn + "PID|1||4711^^^R^MR||M\xFCLLER^ANNA\r" + pv1, ""},
	{"charset-name", "MSH-18", strings.TrimSuffix(head, "\r") + "||||||⟦UTF8⟧\r" + evn + pid + pv1, ""},
	{"charset-double-utf8", "PID-5", strings.TrimSuffix(head, "\r") + "||||||UNICODE UTF-8\r" + evn + "PID|1||4711^^^R^MR||M⟦Ã¼⟧LLER\r" + pv1,
		strings.TrimSuffix(head, "\r") + "||||||UNICODE UTF-8\r" + evn + "PID|1||4711^^^R^MR||MüLLER\r" + pv1},
	{"control-character", "PID-5.1", head + evn + "PID|1||4711^^^R^MR||TES⟦\x0C⟧TER^ANNA\r" + pv1, ""},
	{"invisible-character", "PID-3.1", strings.TrimSuffix(head, "\r") + "||||||UNICODE UTF-8\r" + evn + "PID|1||47⟦\u200B⟧11^^^R^MR||TESTER\r" + pv1, ""},

	{"line-ends", "", strings.ReplaceAll(head, "\r", "⟦\n⟧") + "EVN||20260301101500\nPID|1||4711^^^R^MR||TESTER\nPV1|1|O\n", head + evn + "PID|1||4711^^^R^MR||TESTER\r" + pv1},
	{"line-ends-mixed", "", head + "EVN||20260301101500⟦\r\n⟧" + pid + pv1, head + evn + pid + pv1},
	{"line-end-in-field", "NTE-3", oru + "NTE|1||first line⟦\n⟧second line\rOBX|1|ST|A^B^L||x||||||F\r", oru + "NTE|1||first line\\.br\\second line\rOBX|1|ST|A^B^L||x||||||F\r"},
	{"segments-joined", "MSH", strings.TrimSuffix(head, "\r") + "⟦EVN⟧||20260301101500\r" + pid + pv1, head + evn + pid + pv1},
	{"line-ends-literal", "", strings.TrimSuffix(head, "\r") + "⟦\\r⟧EVN||20260301101500\\rPID|1||4711^^^R^MR||TESTER\\rPV1|1|O\\r", head + evn + "PID|1||4711^^^R^MR||TESTER\r" + pv1},
	{"quoted-message", "", "⟦\"⟧" + head + evn + pid + pv1 + "\"", head + evn + pid + pv1},
	{"text-before-header", "", "⟦2026-03-01 10:15 received: ⟧" + head + evn + pid + pv1, head + evn + pid + pv1},
	{"indented-line", "", head + evn + "⟦  ⟧" + pid + pv1, head + evn + pid + pv1},
	{"stray-line", "", "⟦these words are no segment⟧\r" + head + evn + pid + pv1, ""},
	{"blank-line", "", head + evn + pid + pv1 + "⟦⟧\r\r", ""},
	{"last-terminator-missing", "", head + evn + pid + "PV1|1|O⟦⟧", head + evn + pid + pv1},

	{"msh-missing", "", "⟦EVN⟧||20260301101500\r" + pid + pv1, ""},
	{"msh-not-first", "MSH", evn + "⟦MSH⟧" + strings.TrimPrefix(head, "MSH") + pid + pv1, ""},
	{"segment-id-lower-case", "PID", head + evn + "⟦pid⟧" + strings.TrimPrefix(pid, "PID") + pv1, head + evn + pid + pv1},
	{"msh-2-missing", "MSH-2", "MSH|⟦⟧|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT|T1|P|2.5.1\r", ""},
	{"msh-2-short", "MSH-2", "MSH|⟦^~⟧|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\r" + evn + pid + pv1, ""},
	{"msh-2-five", "MSH-2", "MSH|⟦^~\\&#⟧|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\r" + evn + pid + pv1, ""},
	{"msh-2-long", "MSH-2", "MSH|⟦^~\\&#@⟧|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.7\r" + evn + pid + pv1, ""},
	{"msh-2-duplicate", "MSH-2", "MSH|⟦^~\\\\&⟧|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\r" + evn + pid + pv1, head + evn + pid + pv1},
	{"msh-2-unusual", "MSH-2", "MSH⟦!@~*:⟧!LAB!RIVERBEND!EHR!RIVERBEND!20260301101500!!ADT@A08@ADT_A01!T1!P!2.5.1\rEVN!!20260301101500\rPID!1!!4711@@@R@MR!!TESTER@ANNA\rPV1!1!O\r", ""},
	{"delimiters-differ", "", head + "⟦EVN#⟧#20260301101500\rPID#1##4711^^^R^MR##TESTER^ANNA\rPV1#1#O\r", ""},
	{"delimiters-differ", "PID-3", head + evn + "PID|1||4711⟦@⟧@@R@MR||TESTER@ANNA\r" + pv1, ""},
	{"message-type-missing", "MSH-9", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||⟦⟧|T1|P|2.5.1\r" + pid, ""},
	{"message-type-missing", "MSH-9", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||⟦⟧|ADT^A08^ADT_A01|T1|P|2.5.1\r" + pid, ""},
	{"message-type-missing", "MSH-9", "MSH|^~\\&|LAB|RIVERBEND⟦⟧\r" + pid, ""},
	{"control-id-missing", "MSH-10", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|⟦⟧|P|2.5.1\r" + evn + pid + pv1, ""},
	{"processing-id-missing", "MSH-11", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|⟦⟧|2.5.1\r" + evn + pid + pv1, ""},
	{"version-missing", "MSH-12", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P⟦⟧\r" + evn + pid + pv1, ""},
	{"message-time-missing", "MSH-7", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|⟦⟧||ADT^A08^ADT_A01|T1|P|2.5.1\r" + evn + pid + pv1, ""},
	{"version-unknown", "MSH-12", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|⟦2.2b⟧\r" + evn + pid + pv1, ""},
	{"message-type-unknown", "MSH-9", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||⟦ORM^O01^ORM_O01⟧|T1|P|2.8\r" + pid, ""},
	{"structure-id-wrong", "MSH-9.3", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^⟦ADT_A08⟧|T1|P|2.5.1\r" + evn + pid + pv1, head + evn + pid + pv1},
	{"structure-id-missing", "MSH-9.3", "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08⟦⟧|T1|P|2.5.1\r" + evn + pid + pv1, head + evn + pid + pv1},
	{"acknowledgement-mode", "MSH-15", strings.TrimSuffix(head, "\r") + "|||⟦AL⟧\r" + evn + pid + pv1, ""},
	{"event-disagrees", "EVN-1", head + "EVN|⟦A01⟧|20260301101500\r" + pid + pv1, ""},

	{"log-prefix", "", "⟦2026-03-01 10:15 [in] ⟧" + strings.ReplaceAll(head+evn+pid, "\r", "\n2026-03-01 10:16 [in] ") + pv1, head + evn + pid + pv1},
	{"segments-joined", "PV1", head + evn + pid + "PV1|1|O" + "⟦MSH⟧" + strings.TrimPrefix(head, "MSH") + evn + pid + pv1, head + evn + pid + pv1 + head + evn + pid + pv1},
	{"msh-2-short", "MSH-2", strings.Replace(head, "^~\\&", "⟦^~&⟧", 1) + evn + pid + pv1, head + evn + pid + pv1},
	{"set-id", "OBX[2]-1", oru + "OBX|1|ST|A^B^L||x||||||F\rOBX|⟦1⟧|ST|A^B^L||y||||||F\rOBX|3|ST|A^B^L||z||||||F\r", ""},
	{"separator-unescaped", "OBX-5", oru + "OBX|1|TX|A^B^L||salt ⟦&⟧ pepper||||||F\r", oru + "OBX|1|TX|A^B^L||salt \\T\\ pepper||||||F\r"},
	{"line-end-in-field", "NTE-3", oru + "NTE|1||one⟦\n⟧two\nthree\rOBX|1|ST|A^B^L||x||||||F\r", oru + "NTE|1||one\\.br\\two\\.br\\three\rOBX|1|ST|A^B^L||x||||||F\r"},
	{"obx-value-disagrees", "OBX-5", oru + "OBX|1|ST|A^B^L||⟦CAN^Canada^ISO3166_1⟧||||||F\r", ""},
	{"set-id", "OBX[2]-1", oru + "OBX|1|ST|A^B^L||x||||||F\rOBR|2||8|GLU^Glucose^L\rOBX|⟦3⟧|ST|A^B^L||y||||||F\r", ""},
	{"padding", "PID-5", head + evn + "PID|1||4711^^^R^MR||⟦ TESTER⟧||19800229|F\r" + pv1, head + evn + "PID|1||4711^^^R^MR||TESTER||19800229|F\r" + pv1},
	{"padding", "PID-3[2].1", head + evn + "PID|1||1^^^R^MR~⟦ 4711⟧^^^R^MR||TESTER||19800229|F\r" + pv1, ""},
	{"padding", "PID-3[2]", head + evn + "PID|1||1^^^R^MR~⟦ 4711⟧||TESTER||19800229|F\r" + pv1, ""},
	{"padding", "PID-5.1.1", head + evn + "PID|1||4711^^^R^MR||⟦ VAN⟧&TESTER||19800229|F\r" + pv1, ""},
	{"segment-id-bad", "", head + evn + pid + "⟦PV⟧|1|O\r", ""},
	{"segment-id-bad", "", head + evn + "⟦PID ⟧" + strings.TrimPrefix(pid, "PID") + pv1, head + evn + pid + pv1},
	{"segment-unexpected", "TXA", head + evn + pid + pv1 + "⟦TXA⟧|1|CN|TX|||20260301|20260301|||||7||||||DO\r", ""},
	{"segment-missing", "PV1", head + evn + pid + "⟦⟧", ""},
	{"segment-out-of-order", "PID", head + "⟦PID⟧" + strings.TrimPrefix(pid, "PID") + evn + pv1, ""},
	{"segment-repeated", "PID[2]", head + evn + pid + "⟦PID⟧|1||4712^^^R^MR||TESTER^BERTA||19800229|F\r" + pv1, ""},
	{"segment-unknown", "QQQ", head + evn + pid + pv1 + "⟦QQQ⟧|1\r", ""},
	{"segment-z", "ZPV", head + evn + pid + pv1 + "⟦ZPV⟧|1\r", ""},
	{"set-id", "OBX[2]-1", oru + "OBX|1|ST|A^B^L||x||||||F\rOBX|⟦3⟧|ST|A^B^L||y||||||F\r", ""},
	{"continuation", "DSC", oru + "OBX|1|ST|A^B^L||x||||||F\r⟦DSC⟧|T1-2|F\r", ""},

	{"continuation-broken", "ADD", head + "⟦ADD⟧|x\r" + evn + pid + pv1, ""},
	{"continuation-broken", "DSC", oru + "⟦DSC⟧|T1-2|F\rOBX|1|ST|A^B^L||x||||||F\r", ""},
	{"check-digit-wrong", "PID-3.2", head + evn + "PID|1||1234567^⟦3⟧^M10^R^MR||TESTER^ANNA||19800229|F\r" + pv1, ""},
	{"check-digit-wrong", "PID-3.2", head + evn + "PID|1||1234567^⟦0⟧^M11^R^MR||TESTER^ANNA||19800229|F\r" + pv1, ""},
	{"check-digit-wrong", "PID-3.2", head + evn + "PID|1||0794^⟦3⟧^ISO^R^MR||TESTER^ANNA||19800229|F\r" + pv1, ""},
	{"check-digit-wrong", "PV1-7.1", head + evn + pid + "PV1|1|O|||||⟦1234567890⟧^WELL^EVA^^^^^^US&2.16.840.1.113883.4.6&ISO^^^^NPI\r", ""},
	{"check-digit-wrong", "PV1-7.1", head + evn + pid + "PV1|1|O|||||⟦12345⟧^WELL^EVA^^^^^^US&2.16.840.1.113883.4.6&ISO^^^^NPI\r", ""},
	{"value-truncated", "PID-5.1", "MSH|^~\\&#|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.7\r" + evn + "PID|1||4711^^^RIVERBEND^MR||TESTER-WITH-A-LONG-NA⟦#⟧^ANNA||19800229|F\r" + pv1, ""},
	{"telephone-implausible", "PID-13", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|F|||||⟦unknown⟧\r" + pv1, ""},
	{"telephone-implausible", "PID-13", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|F|||||⟦0000000000⟧\r" + pv1, ""},
	{"telephone-implausible", "PID-13.1", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|F|||||⟦anna@example.org⟧^PRN^PH\r" + pv1, ""},
	{"telephone-implausible", "PID-13.4", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|F|||||^NET^Internet^⟦anna.example.org⟧\r" + pv1, ""},
	{"name-implausible", "PID-5", head + evn + "PID|1||4711^^^R^MR||⟦TESTER, ANNA⟧||19800229|F\r" + pv1, ""},
	{"name-implausible", "PID-5.1", head + evn + "PID|1||4711^^^R^MR||⟦4711⟧^ANNA||19800229|F\r" + pv1, ""},
	{"field-conditional", "PID-30", head + evn + strings.TrimSuffix(pid, "\r") + "|||||||||||||||||||||20260228|⟦N⟧\r" + pv1, ""},
	{"field-conditional", "PID-24", head + evn + strings.TrimSuffix(pid, "\r") + "||||||||||||||||⟦N⟧|2\r" + pv1, ""},
	{"field-conditional", "PV1-45", strings.ReplaceAll(head, "A08^ADT_A01", "A03^ADT_A03") + evn + pid + "PV1|1|O⟦⟧\r", ""},
	{"field-conditional", "PV1-3", strings.ReplaceAll(head, "A08^ADT_A01", "A02^ADT_A02") + evn + pid + "PV1|1|O⟦⟧\r", ""},
	{"field-conditional", "PV1-6", strings.ReplaceAll(head, "A08^ADT_A01", "A02^ADT_A02") + evn + pid + "PV1|1|O|WARD⟦⟧\r", ""},
	{"field-conditional", "MRG-1", strings.ReplaceAll(head, "A08^ADT_A01", "A40^ADT_A39") + evn + pid + "MRG|⟦4711^^^RIVERBEND^MR⟧\r", ""},
	{"field-conditional", "OBR-3", strings.Replace(oru, "OBR|1||7|", "OBR|1||⟦⟧|", 1) + "OBX|1|ST|A^B^L||x||||||F\r", ""},
	{"field-conditional", "OBR-25", strings.TrimSuffix(oru, "|F\r") + "|⟦⟧\rOBX|1|ST|A^B^L||x||||||F\r", ""},
	{"field-conditional", "OBR-7", strings.Replace(oru, "202603010900", "⟦⟧", 1) + "OBX|1|ST|A^B^L||x||||||F\r", ""},
	{"field-conditional", "SCH-1", strings.ReplaceAll(head, "ADT^A08^ADT_A01", "SIU^S12^SIU_S12") + "SCH|⟦⟧|||||R^Routine\rRGS|1\r", ""},
	{"field-conditional", "MSA-1", strings.ReplaceAll(head, "ADT^A08^ADT_A01", "ACK^A08^ACK") + "MSA|⟦AE⟧|T0\r", ""},
	{"field-conditional", "RXA-18", strings.ReplaceAll(head, "ADT^A08^ADT_A01", "VXU^V04^VXU_V04") + pid + "ORC|RE\rRXA|0|1|20260301||03^MMR^CVX|999||||||||||||⟦⟧||RE\r", ""},

	{"field-required", "PID-5", head + evn + "PID|1||4711^^^R^MR||⟦⟧||19800229|F\r" + pv1, ""},
	{"field-beyond-version", "EVN-8", head + "EVN||20260301101500||||||⟦x⟧\r" + pid + pv1, ""},
	{"field-withdrawn", "PID-2", strings.Replace(strings.Replace(oru, "2.5.1", "2.8", 1), "PID|1||", "PID|1|⟦9⟧|", 1) + "OBX|1|ST|A^B^L||x||||||F\r", ""},
	{"repetition-not-allowed", "PID-7[2]", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229~⟦19800301⟧|F\r" + pv1, ""},
	{"component-beyond-version", "OBR-4.7", strings.Replace(oru, "GLU^Glucose^L", "GLU^Glucose^L^^^^⟦2.1⟧", 1) + "OBX|1|ST|A^B^L||x||||||F\r", ""},
	{"components-in-primitive", "PID-19", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|F|||||||||||⟦1^^^R⟧\r" + pv1, ""},
	{"separator-unescaped", "NTE-3", oru + "NTE|1||milk ⟦&⟧ bread\rOBX|1|ST|A^B^L||x||||||F\r", oru + "NTE|1||milk \\T\\ bread\rOBX|1|ST|A^B^L||x||||||F\r"},
	{"escape-bad", "NTE-3", oru + "NTE|1||BSV 4⟦\\⟧5 re.\rOBX|1|ST|A^B^L||x||||||F\r", oru + "NTE|1||BSV 4\\E\\5 re.\rOBX|1|ST|A^B^L||x||||||F\r"},
	{"escape-double", "NTE-3", oru + "NTE|1||a⟦\\E\\⟧X09\\E\\b\rOBX|1|ST|A^B^L||x||||||F\r", ""},
	{"escape-hex", "NTE-3", oru + "NTE|1||a⟦\\X00D\\⟧b\rOBX|1|ST|A^B^L||x||||||F\r", ""},
	{"markup-in-text", "NTE-3", oru + "NTE|1||one⟦<br/⟧>two\rOBX|1|ST|A^B^L||x||||||F\r", ""},
	{"markup-in-text", "OBX-5", oru + "OBX|1|ST|A^B^L||one⟦\\.br\\⟧two||||||F\r", ""},
	{"null-odd", "PID-5.2", head + evn + "PID|1||4711^^^R^MR||TESTER^⟦\"⟧||19800229|F\r" + pv1, ""},
	{"null-word", "PID-5.2", head + evn + "PID|1||4711^^^R^MR||TESTER^⟦NULL⟧||19800229|F\r" + pv1, ""},
	{"padding", "PID-3.1", head + evn + "PID|1||⟦ 4711⟧^^^R^MR||TESTER^ANNA||19800229|F\r" + pv1, head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|F\r" + pv1},
	{"date-impossible", "PID-7", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||⟦19790231⟧|F\r" + pv1, ""},
	{"date-format", "PID-7", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||⟦1980-02-29⟧|F\r" + pv1, head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|F\r" + pv1},
	{"number-invalid", "OBX-9", oru + "OBX|1|ST|A^B^L||x||||⟦high⟧||F\r", ""},
	{"sequence-invalid", "PV1-1", head + evn + pid + "PV1|⟦1.1⟧|O\r", ""},
	{"too-long", "PV1-19.1", head + evn + pid + "PV1|1|O|||||||||||||||||⟦123456789012345678901⟧^^^R\r", ""},
	{"code-not-in-table", "PID-8", head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|⟦Female⟧\r" + pv1, head + evn + "PID|1||4711^^^R^MR||TESTER^ANNA||19800229|F\r" + pv1},
	{"code-not-in-table", "OBX-11", oru + "OBX|1|ST|A^B^L||x||||||⟦#⟧\r", ""},
	{"code-local", "PV1-2", head + evn + pid + "PV1|1|⟦Q⟧\r", ""},
	{"obx-type-missing", "OBX-2", oru + "OBX|1|⟦⟧|A^B^L||x||||||F\r", ""},
	{"obx-type-unknown", "OBX-2", oru + "OBX|1|⟦XY⟧|A^B^L||x||||||F\r", ""},
	{"obx-value-disagrees", "OBX-5", oru + "OBX|1|NM|A^B^L||⟦<5⟧||||||F\r", ""},
	{"obx-value-disagrees", "OBX-5", oru + "OBX|1|NM|A^B^L||⟦1,5⟧||||||F\r", oru + "OBX|1|NM|A^B^L||1.5||||||F\r"},
	{"document-encoding", "OBX-5.5", oru + "OBX|1|ED|A^B^L||^AP^PDF^Base64^JVBE⟦*⟧i0x||||||F\r", ""},
	{"document-place", "OBX-5.5", oru + "OBX|1|ED|A^B^L||^AP^PDF^Base64^⟦data:application/pdf;base64,⟧JVBERi0xLjQK||||||F\r", oru + "OBX|1|ED|A^B^L||^AP^PDF^Base64^JVBERi0xLjQK||||||F\r"},
	{"document-type", "OBX-5.5", oru + "OBX|1|ED|A^B^L||^AP^PDF^Base64^⟦iVBORw0KGgoAAAANSUhEUgAA⟧||||||F\r", ""},
	{"identifier-no-authority", "PID-3", head + evn + "PID|1||⟦4711⟧||TESTER^ANNA||19800229|F\r" + pv1, ""},
}

func TestEveryCode(t *testing.T) {
	for i, c := range cases {
		t.Run(fmt.Sprintf("%02d-%s", i, c.code), func(t *testing.T) {
			b, offset, length := marked(c.message)
			found := Message(hl7.Parse(b), Options{})
			at := slices.IndexFunc(found, func(f Finding) bool { return f.Code == c.code })
			if at < 0 {
				t.Fatalf("not found; there is %s", brief(found))
			}
			f := found[at]
			if f.Path != c.path || f.Offset != offset || f.Length != length {
				t.Errorf("at %q %d+%d, want %q %d+%d; %s", f.Path, f.Offset, f.Length, c.path, offset, length, f.Text)
			}
			if c.repaired == "" {
				return
			}
			if f.Repair == nil {
				t.Fatalf("no repair; %s", f.Text)
			}
			if got := f.Repair.Apply(b); !bytes.Equal(got, []byte(c.repaired)) {
				t.Errorf("the repair %q makes\n%q, want\n%q", f.Repair.Title, got, c.repaired)
			}
			after := Message(hl7.Parse([]byte(c.repaired)), Options{})
			if slices.ContainsFunc(after, func(g Finding) bool { return g.Code == c.code }) {
				t.Errorf("the repaired message has the finding still: %s", brief(after))
			}
		})
	}
}

// TestCodesAreCovered asks for a case for each code that Message reports; the
// others belong to Piece.
func TestCodesAreCovered(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range cases {
		covered[c.code] = true
	}
	for _, c := range pieceCases {
		covered[c.code] = true
	}
	covered[ControlIDTwice(hl7.Parse(nil), 0).Code] = true // tested where files are read
	seen := map[string]bool{}
	for _, d := range Codes() {
		if seen[d.Code] {
			t.Errorf("%s is declared twice", d.Code)
		}
		seen[d.Code] = true
		if !covered[d.Code] {
			t.Errorf("no case for %s", d.Code)
		}
		if d.Text == "" || !strings.HasSuffix(d.Text, ".") || strings.ToLower(d.Code) != d.Code {
			t.Errorf("%s: the description %q is no sentence", d.Code, d.Text)
		}
	}
	for code := range covered {
		if !seen[code] {
			t.Errorf("a case is for %s, which is no code", code)
		}
	}
}

// catalogue are the ids of the malformation catalogue. Where no code stands, the
// entry is no finding on bytes, for the reason given.
var catalogue = map[string]string{
	"T1": "", "T2": "", "T3": "", "T4": "", "T5": "", "T6": "", "T7": "", "T8": "", "T11": "", "T12": "", "T14": "",
	"T9":  "chunks of the wire are invisible once the bytes are together",
	"T10": "several frames in one read are no fault; the listener acknowledges each",
	"T13": "an acknowledgement that comes late or twice is seen in the conversation, not in a message",
	"L1":  "", "L2": "", "L3": "", "L4": "", "L5": "", "L6": "", "L7": "",
	"H1": "", "H2": "", "H3": "", "H4": "", "H5": "", "H6": "", "H7": "", "H8": "",
	"S1": "", "S2": "", "S3": "", "S5": "", "S6": "",
	"S4": "a fault of programs; TestEverySegmentID shows that ours has it not",
	"C1": "", "C2": "", "C3": "", "C4": "", "C5": "", "C6": "", "C7": "", "C8": "",
	"V1": "", "V2": "", "V3": "", "V4": "", "V5": "", "V6": "",
	"E1": "", "E2": "", "E3": "", "E4": "", "E5": "",
	"B1": "",
	"P1": "a fault of de-identification, which has a checker of its own",
}

// TestCatalogue: every entry of the catalogue has a code or a reason, and every
// code names an entry that there is.
func TestCatalogue(t *testing.T) {
	has := map[string]bool{}
	for _, d := range Codes() {
		if d.Catalogue == "" {
			continue
		}
		has[d.Catalogue] = true
		if why, ok := catalogue[d.Catalogue]; !ok || why != "" {
			t.Errorf("%s is of %s, which the catalogue does not have or no code can find", d.Code, d.Catalogue)
		}
	}
	for id, why := range catalogue {
		if why == "" && !has[id] {
			t.Errorf("no code for %s", id)
		}
	}
}

// TestEverySegmentID: segments whose IDs have digits are checked like any other,
// each by its own fields.
func TestEverySegmentID(t *testing.T) {
	v, _ := dictionary.For("2.5.1")
	for _, s := range v.Segments() {
		if s.ID == "MSH" || s.ID == "FHS" || s.ID == "BHS" || s.ID == "BTS" || s.ID == "FTS" {
			continue
		}
		m := head + s.ID + strings.Repeat("|", len(s.Fields)+1) + "x\r"
		found := Message(hl7.Parse([]byte(m)), Options{})
		if !slices.ContainsFunc(found, func(f Finding) bool {
			return f.Code == "field-beyond-version" && f.Path == fmt.Sprintf("%s-%d", s.ID, len(s.Fields)+1)
		}) {
			t.Errorf("%s: the extra field is not seen: %s", s.ID, brief(found))
		}
	}
}

// TestChain: parts of a message in order are in order; one whose beginning is
// missing is told.
func TestChain(t *testing.T) {
	part := func(from, to string) *hl7.Message {
		m := strings.TrimSuffix(strings.Replace(oru, "ORU^R01^ORU_R01|T1|P|2.5.1", "ORU^R01^ORU_R01|T1|P|2.5.1||"+from, 1), "\r") + "\r"
		if to != "" {
			m += "DSC|" + to + "|F\r"
		}
		return hl7.Parse([]byte(m))
	}
	c := Chain{}
	for i, step := range []struct {
		from, to string
		broken   bool
		open     int
	}{{"", "A", false, 1}, {"A", "B", false, 1}, {"B", "", false, 0}, {"B", "", true, 0}, {"C", "", true, 0}, {"", "D", false, 1}} {
		m := part(step.from, step.to)
		found := c.Add(m)
		if (len(found) > 0) != step.broken || c.Open() != step.open {
			t.Errorf("step %d: %s, %d open", i, brief(found), c.Open())
		}
		if len(found) > 0 && string(m.Bytes()[found[0].Offset:found[0].Offset+found[0].Length]) != step.from {
			t.Errorf("step %d: the finding lies at %d+%d", i, found[0].Offset, found[0].Length)
		}
	}
}

func brief(found []Finding) string {
	var s strings.Builder
	for _, f := range found {
		fmt.Fprintf(&s, "\n  %s %s %q %d+%d: %s", f.Severity, f.Code, f.Path, f.Offset, f.Length, f.Text)
	}
	if s.Len() == 0 {
		return "nothing"
	}
	return s.String()
}

// TestGoodMessages: what is right has no finding at all.
func TestGoodMessages(t *testing.T) {
	for _, m := range []string{
		head + evn + pid + pv1,
		oru + "OBX|1|NM|GLU^Glucose^L||5.4|mmol/L|3.9-5.6||||F|||20260301\rNTE|1||\\H\\fasting\\N\\ sample\\.br\\taken at home\r",
		oru + "OBX|1|ED|DOC^Letter^L||^AP^PDF^Base64^JVBERi0xLjQK||||||F\r",
		"MSH|^~\\&|EHR|R|LAB|R|20260301101500.1234+0100||ACK^A08^ACK|9|P|2.5.1\rMSA|AA|T1\r",
	} {
		if found := Message(hl7.Parse([]byte(m)), Options{}); len(found) > 0 {
			t.Errorf("%q has%s", m, brief(found))
		}
	}
}

// TestRootCauses: one fault gives one finding of warning or above, not the
// forty that follow from it.
func TestRootCauses(t *testing.T) {
	good := head + evn + pid + pv1
	for name, c := range map[string]struct{ message, code string }{
		"LF":               {strings.ReplaceAll(good, "\r", "\n"), "line-ends"},
		"CR LF":            {strings.ReplaceAll(good, "\r", "\r\n"), "line-ends"},
		"literal":          {strings.ReplaceAll(good, "\r", "\\r"), "line-ends-literal"},
		"no MSH":           {evn + pid + pv1, "msh-missing"},
		"other delimiters": {head + strings.ReplaceAll(evn+pid+pv1, "|", "#"), "delimiters-differ"},
		"other components": {head + strings.ReplaceAll(evn+pid+pv1, "^", "@"), "delimiters-differ"},
		"log":              {"2026-03-01 10:15:00,12 INFO [in] " + strings.ReplaceAll(strings.TrimSuffix(good, "\r"), "\r", "\n2026-03-01 10:15:00,7 INFO [in] "), "log-prefix"},
		"two in one":       {strings.TrimSuffix(good, "\r") + good, "segments-joined"},
		"short ID":         {strings.Replace(good, "PV1", "PV", 1), "segment-id-bad"},
		"long ID":          {strings.Replace(good, "PID", "PIDX", 1), "segment-id-bad"},
		"ID with a digit":  {strings.Replace(good, "PID", "0ID", 1), "segment-id-bad"},
		"blank after ID":   {strings.Replace(good, "PID", "PID ", 1), "segment-id-bad"},
		"three in MSH-2":   {strings.Replace(good, "^~\\&", "^~&", 1) + "NTE|1||salt & pepper\r", "msh-2-short"},
		"mark":             {"\xEF\xBB\xBF" + good, "byte-order-mark"},
		"NUL before ID":    {strings.Replace(good, "PID", "\x00\x00PID", 1), "nul-bytes"},
		"notes go on":      {oru + "NTE|1||x\rNTE|2||x\r" + observations(1) + "NTE|3||x\r" + "OBX|2|ST|A^B^L||x||||||F\rNTE|2||x\r", ""},
		"data in lines":    {oru + "OBX|1|ST|A^B^L||one\ntwo\nthree||||||F\r", "line-end-in-field"},
		"organisation":     {head + evn + pid + "PD1|||NORTH^^Y06601\r" + pv1, ""},
		"set ID twice":     {oru + strings.Replace(observations(6), "OBX|4", "OBX|3", 1), "set-id"},
		"set ID too high":  {oru + strings.Replace(observations(6), "OBX|3", "OBX|9", 1), "set-id"},
		"no end, charset":  {strings.ReplaceAll(strings.Replace(good, "2.5.1", "2.5.1||||||UNICODE UTF-8", 1), "\r", ""), "segments-joined"},
		"Japanese":         {strings.Replace(good, "2.5.1", "2.5.1||||||ISO IR87", 1), ""},
		"no terminators":   {strings.ReplaceAll(good, "\r", ""), "segments-joined"},
		"JSON":             {"\"" + strings.ReplaceAll(strings.ReplaceAll(good, "\\", "\\\\"), "\r", "\\r") + "\"", "line-ends-literal"},
		"lower case":       {strings.NewReplacer("EVN|", "evn|", "PID|", "pid|", "PV1|", "pv1|").Replace(good), "segment-id-lower-case"},
		"shifted":          {strings.Replace(good, "20260301101500||", "20260301101500|||", 1), "message-type-missing"},
		"indented":         {strings.ReplaceAll(good, "\r", "\r    "), "indented-line"},
		"numbered":         {"1 " + strings.NewReplacer("\rEVN", "\r2 EVN", "\rPID", "\r3 PID", "\rPV1", "\r4 PV1").Replace(good), "indented-line"},
		"no MSH-2":         {strings.Replace(good, "^~\\&|", "", 1), "msh-2-missing"},
		"empty MSH":        {"MSH|\rPID|1||4711^^^R^MR||TESTER\r", "msh-2-missing"},
	} {
		t.Run(name, func(t *testing.T) {
			found := Message(hl7.Parse([]byte(c.message)), Options{Minimum: Warning})
			found = slices.DeleteFunc(found, func(f Finding) bool { return name == "JSON" && f.Code == "quoted-message" })
			if c.code == "" && len(found) == 0 {
				return
			}
			if len(found) != 1 || found[0].Code != c.code {
				t.Errorf("want only %s, have%s", c.code, brief(found))
			}
		})
	}
}

func observations(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, "OBX|%d|ST|A^B^L||x||||||F\r", i+1)
	}
	return s.String()
}

// TestJapanese: escape sequences of ISO 2022 are no control characters where
// the header names such a set, and a delimiter inside them is none.
func TestJapanese(t *testing.T) {
	name := "TESTER^ANNA~\x1b$B;3ED\x1b(B^\x1b$BF|K\\\x1b(B"
	for set, want := range map[string]bool{"ISO IR87": false, "~ISO IR87": false, "ASCII~ISO IR87": false, "": true} {
		m := strings.Replace(head, "2.5.1", "2.5.1||||||"+set, 1) + evn + strings.Replace(pid, "TESTER^ANNA", name, 1) + pv1
		parsed := hl7.Parse([]byte(m))
		found := Message(parsed, Options{Minimum: Warning})
		has := slices.ContainsFunc(found, func(f Finding) bool { return f.Code == "control-character" })
		if has != want || !want && len(found) > 0 {
			t.Errorf("MSH-18 %q:%s", set, brief(found))
		}
		if v, err := parsed.GetString("PID-5[2].2"); !want && (err != nil || v.Text() != "日本") {
			t.Errorf("MSH-18 %q: the name reads %q", set, v.Text())
		}
	}
}

func TestLimit(t *testing.T) {
	var m strings.Builder
	m.WriteString(oru)
	for i := range 200 {
		fmt.Fprintf(&m, "OBX|%d|NM|A^B^L||high||||||F\r", i+1)
	}
	for _, limit := range []int{0, 3} {
		found := Message(hl7.Parse([]byte(m.String())), Options{Limit: limit})
		n, last := 0, Finding{}
		for _, f := range found {
			if f.Code == "obx-value-disagrees" {
				n++
				last = f
			}
		}
		want := limit
		if limit == 0 {
			want = DefaultLimit
		}
		if n != want+1 || last.Text != fmt.Sprintf("And %d more of the same kind from here on.", 200-want) {
			t.Errorf("limit %d gives %d findings, the last says %q", limit, n, last.Text)
		}
	}
}

func TestApplyOutside(t *testing.T) {
	for _, r := range []Repair{{Offset: -1}, {Offset: 9}, {Offset: 2, Length: 9}, {Offset: 1, Length: -1}} {
		if got := r.Apply([]byte("abc")); string(got) != "abc" {
			t.Errorf("%+v makes %q", r, got)
		}
	}
}

func TestSeverityText(t *testing.T) {
	for s := Information; s <= Fatal; s++ {
		text, err := s.MarshalText()
		var back Severity
		if err != nil || back.UnmarshalText(text) != nil || back != s {
			t.Errorf("%v does not survive its text", s)
		}
	}
	if _, err := ParseSeverity("grave"); err == nil {
		t.Error("grave is taken for a severity")
	}
}

// TestManyAtOnce: messages are checked by several goroutines at once, and each
// gets the findings that it gets alone.
func TestManyAtOnce(t *testing.T) {
	want := make([]string, len(cases))
	for i, c := range cases {
		b, _, _ := marked(c.message)
		want[i] = brief(Message(hl7.Parse(b), Options{}))
	}
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for i, c := range cases {
				b, _, _ := marked(c.message)
				if got := brief(Message(hl7.Parse(b), Options{})); got != want[i] {
					t.Errorf("case %d, %s: other findings than alone", i, c.code)
				}
			}
		})
	}
}
