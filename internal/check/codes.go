package check

// descriptions holds every code in the order of declaration below.
var descriptions []*Description

func code(name, catalogue string, severity Severity, text string) *Description {
	d := &Description{Code: name, Catalogue: catalogue, Severity: severity, Text: text, index: len(descriptions)}
	descriptions = append(descriptions, d)
	return d
}

// root declares a code that explains other findings.
func root(name, catalogue string, severity Severity, text string) *Description {
	d := code(name, catalogue, severity, text)
	d.root = true
	return d
}

// Codes lists every code that Message and Piece can report: what the container
// says, then encoding, lines, header, structure and content. The severity is
// the usual one; a finding can have a lower one where the standard tells
// receivers to ignore the case.
func Codes() []Description {
	out := make([]Description, len(descriptions))
	for i, d := range descriptions {
		out[i] = *d
	}
	return out
}

// What the file or stream around a message says.
var (
	codeNotHL7        = root("not-hl7v2", "H1", Fatal, "The bytes are not HL7 v2; the text says what they seem to be.")
	codeEmpty         = root("empty", "", Fatal, "There is nothing to read.")
	codeOutside       = root("outside-message", "T4", Warning, "Bytes stand outside of any message, such as a line of a log between two messages.")
	codeFrameStart    = root("frame-no-start", "T1", Error, "The MLLP start byte (VT, 0B) is missing.")
	codeFrameEnd      = root("frame-no-cr", "T2", Warning, "The MLLP end byte (FS, 1C) is not followed by CR.")
	codeFrameTail     = root("frame-tail", "T3", Warning, "Another byte than CR follows the MLLP end byte, such as LF or FF.")
	codeFrameDouble   = root("frame-second-start", "T5", Error, "An MLLP start byte stands inside a message: the message before it was cut off.")
	codeFrameInside   = root("frame-end-inside", "T6", Error, "An MLLP end byte stands inside a message and is not the end.")
	codeFrameOpen     = root("frame-not-ended", "T7", Error, "The MLLP end byte is missing: the message may be cut off.")
	codeFrameEmpty    = root("frame-empty", "T8", Warning, "An MLLP frame holds nothing.")
	codeFrameMany     = root("frame-many-messages", "T11", Warning, "One MLLP frame holds several messages; many receivers acknowledge only the first.")
	codeFrameCommit   = root("frame-commit", "T12", Information, "The bytes are a commit acknowledgement of MLLP Release 2.")
	codeWrongProtocol = root("wrong-protocol", "T14", Error, "The bytes are of another protocol: HTTP, TLS or ASTM.")
	codeBatchCount    = root("batch-count", "B1", Warning, "The count in a batch or file trailer is not the number of messages or batches.")
	codeBatchEnvelope = root("batch-envelope", "B1", Warning, "A batch or file envelope is not closed, not opened, empty, or stands inside a message.")
	codeCut           = root("cut", "", Error, "The piece is larger than is kept in memory; only its beginning was looked at.")
	codeStream        = root("stream-note", "", Information, "The reader noted something else about the stream.")
)

// How the bytes are written.
var (
	codeUTF16        = root("utf16", "E4", Fatal, "The text is UTF-16 or UTF-32, which no HL7 connection carries.")
	codeNUL          = root("nul-bytes", "E4", Error, "NUL bytes stand in the message.")
	codeBOM          = root("byte-order-mark", "L7", Warning, "A byte order mark stands before the header; many receivers then find no MSH.")
	codeCharsetNone  = code("charset-missing", "E1", Warning, "Bytes above 7F occur, but MSH-18 names no character set.")
	codeCharsetWrong = code("charset-wrong", "E2", Warning, "MSH-18 names a character set that the bytes disprove, or one that is not in table 0211.")
	codeCharsetName  = code("charset-name", "E2", Information, "MSH-18 spells a known character set in another way than table 0211.")
	codeDoubleUTF8   = code("charset-double-utf8", "E3", Warning, "UTF-8 text was taken for Latin-1 and encoded again.")
	codeControl      = code("control-character", "E5", Warning, "A control character stands in a field.")
	codeInvisible    = code("invisible-character", "L7", Information, "A character that cannot be seen stands in a field, such as a zero-width space.")
)

// Lines and segment ends.
var (
	codeLineEnds       = root("line-ends", "L1", Warning, "Segments end with LF or CR LF instead of CR.")
	codeLineEndsMixed  = root("line-ends-mixed", "L2", Warning, "Segments of one message end in different ways.")
	codeLineInField    = root("line-end-in-field", "L3", Warning, "A raw line end stands inside a field.")
	codeNoTerminators  = root("segments-joined", "L4", Error, "A segment or a second message starts in the middle of a line: the terminator before it is missing.")
	codeLiteralBreaks  = root("line-ends-literal", "L6", Error, `Line ends are written as the characters \r or \n, as a log or JSON does.`)
	codeQuoted         = root("quoted-message", "L6", Warning, "The message stands in quotation marks.")
	codeLogPrefix      = root("log-prefix", "L6", Warning, "Every line of the message has the prefix of a log before it, such as a time stamp.")
	codePrefix         = root("text-before-header", "L6", Warning, "Text stands before the header on its line, such as a log's time stamp.")
	codeIndented       = root("indented-line", "L6", Warning, "Blanks or a line number stand before a segment ID.")
	codeStrayLine      = code("stray-line", "L3", Error, "A line is no segment and cannot be a part of the field before it.")
	codeBlankLine      = code("blank-line", "L5", Information, "Blank lines stand in or after the message.")
	codeLastTerminator = code("last-terminator-missing", "L5", Information, "The last segment has no terminator.")
)

// The header.
var (
	codeNoMSH            = root("msh-missing", "H1", Fatal, "The message has no MSH segment.")
	codeMSHNotFirst      = root("msh-not-first", "H1", Error, "Other segments stand before MSH.")
	codeLowerCase        = root("segment-id-lower-case", "H2", Warning, "Segment IDs are written in lower case.")
	codeMSH2Missing      = root("msh-2-missing", "H3", Error, "MSH-2 declares no encoding characters.")
	codeMSH2Short        = root("msh-2-short", "H3", Warning, "MSH-2 declares fewer than four encoding characters.")
	codeMSH2Five         = root("msh-2-five", "H3", Information, "MSH-2 has five characters before version 2.7.")
	codeMSH2Long         = root("msh-2-long", "H3", Warning, "MSH-2 has more characters than the standard knows.")
	codeMSH2Duplicate    = root("msh-2-duplicate", "H3", Error, "MSH-1 and MSH-2 declare one character for two roles.")
	codeMSH2Unusual      = code("msh-2-unusual", "H3", Information, "The message uses other delimiters than the recommended ones.")
	codeOtherDelimiters  = root("delimiters-differ", "H4", Error, "Segments use other delimiters than MSH declares.")
	codeTypeMissing      = root("message-type-missing", "H5", Error, "MSH-9 does not say what message this is.")
	codeControlMissing   = code("control-id-missing", "H5", Error, "MSH-10 is empty, so no acknowledgement can name the message.")
	codeControlTwice     = code("control-id-twice", "H8", Information, "An earlier message of the same file has the same sender and control ID.")
	codeProcessingID     = code("processing-id-missing", "H5", Warning, "MSH-11 is empty.")
	codeVersionMissing   = root("version-missing", "H5", Error, "MSH-12 is empty.")
	codeTimeMissing      = code("message-time-missing", "H5", Warning, "MSH-7 is empty.")
	codeVersionUnknown   = root("version-unknown", "H7", Warning, "MSH-12 names no version of HL7 v2; the nearest one is used.")
	codeTypeUnknown      = root("message-type-unknown", "H6", Warning, "The version does not define this message type and trigger event.")
	codeStructureWrong   = root("structure-id-wrong", "H6", Warning, "MSH-9.3 is not the structure of this message type and trigger event.")
	codeStructureMissing = code("structure-id-missing", "H6", Information, "MSH-9.3 is empty in a version that asks for it.")
	codeAckMode          = code("acknowledgement-mode", "", Warning, "Only one of MSH-15 and MSH-16 is valued; receivers disagree about what that means.")
	codeEventDisagrees   = code("event-disagrees", "H6", Warning, "EVN-1 names another event than MSH-9.2.")
)

// Which segments there are.
var (
	codeBadID             = code("segment-id-bad", "S3", Error, "A segment ID is not three characters, starts with a digit, or has blanks after it.")
	codeSegmentUnexpected = code("segment-unexpected", "S1", Information, "The message structure has no place for this segment.")
	codeSegmentMissing    = code("segment-missing", "S1", Warning, "The message structure requires a segment that is not there.")
	codeSegmentOrder      = code("segment-out-of-order", "S1", Warning, "A segment stands in another place than the structure says.")
	codeSegmentRepeated   = code("segment-repeated", "S1", Warning, "A segment repeats where the structure allows it once.")
	codeSegmentUnknown    = code("segment-unknown", "S2", Information, "The version does not define this segment.")
	codeSegmentZ          = code("segment-z", "S2", Information, "The segment is defined locally (Z).")
	codeSetID             = code("set-id", "S6", Warning, "Set IDs do not count 1, 2, 3.")
	codeContinuation      = code("continuation", "S5", Information, "DSC says that the message goes on in another one, or ADD continues a segment.")

	codeContinuationBroken = code("continuation-broken", "S5", Error, "A message is one of several parts, but the part before or after it is missing or cannot be found.")
)

// What is in the fields.
var (
	codeFieldRequired    = code("field-required", "H5", Warning, "A required field is empty.")
	codeFieldBeyond      = code("field-beyond-version", "C8", Information, "The version ends before this field.")
	codeFieldWithdrawn   = code("field-withdrawn", "C8", Information, "The version withdrew this field.")
	codeRepetitions      = code("repetition-not-allowed", "C8", Information, "The field repeats more often than the version allows.")
	codeComponentBeyond  = code("component-beyond-version", "C8", Information, "The data type has fewer components in this version.")
	codeComponents       = code("components-in-primitive", "C8", Warning, "The data type has no components, but the value has.")
	codeSeparator        = code("separator-unescaped", "C1", Warning, "A separator in a text is probably meant as text and not escaped.")
	codeEscapeBad        = code("escape-bad", "C2", Warning, "An escape sequence is unknown, empty or not closed.")
	codeEscapeDouble     = code("escape-double", "C3", Information, "Text was escaped twice.")
	codeEscapeHex        = code("escape-hex", "C4", Warning, "A hexadecimal escape has an odd number of digits or other characters.")
	codeMarkup           = code("markup-in-text", "C5", Information, "Line breaks, HTML or RTF stand in a text that is not formatted text.")
	codeNullOdd          = code("null-odd", "C6", Warning, `Quotation marks alone that are not the null value "".`)
	codeNullWord         = code("null-word", "C7", Information, "A word such as NULL or N/A stands where a field should be empty.")
	codePadding          = code("padding", "C7", Information, "Blanks stand around a value.")
	codeDateImpossible   = code("date-impossible", "V1", Warning, "A date or time that does not exist.")
	codeDateFormat       = code("date-format", "V1", Warning, "A date or time that is not written as HL7 writes it.")
	codeNumber           = code("number-invalid", "V4", Warning, "A value of type NM is not a number.")
	codeSequence         = code("sequence-invalid", "V4", Warning, "A value of type SI is not a whole number.")
	codeTooLong          = code("too-long", "V2", Information, "A value is longer than the version allows.")
	codeNotInTable       = code("code-not-in-table", "V3", Warning, "A code is not in the HL7 table of the field.")
	codeLocal            = code("code-local", "V3", Information, "A code is not among those that the standard suggests for a user-defined table.")
	codeOBXTypeMissing   = code("obx-type-missing", "V4", Warning, "OBX-5 has a value but OBX-2 names no type.")
	codeOBXTypeUnknown   = code("obx-type-unknown", "V4", Warning, "OBX-2 names no data type of the version.")
	codeOBXDisagrees     = code("obx-value-disagrees", "V4", Warning, "OBX-5 is not of the type that OBX-2 names.")
	codeDocumentEncoding = code("document-encoding", "V5", Warning, "The data of an ED value is not encoded as it says.")
	codeDocumentPlace    = code("document-place", "V5", Warning, "The data of an ED value stands in the wrong component or form.")
	codeDocumentType     = code("document-type", "V5", Warning, "The data of an ED value is of another kind than it says.")
	codeNoAuthority      = code("identifier-no-authority", "V6", Information, "A patient identifier names no assigning authority.")
	codeCheckDigit       = code("check-digit-wrong", "V6", Warning, "The check digit of an identifier does not belong to it, or an NPI is none.")
	codeTruncated        = code("value-truncated", "V2", Information, "A value ends with the truncation character: its sender cut it off.")
	codeTelephone        = code("telephone-implausible", "V6", Information, "A telephone number or e-mail address that nobody can use.")
	codeName             = code("name-implausible", "V6", Information, "A name that stands in the wrong parts, or a number in its place.")
	codeConditional      = code("field-conditional", "H5", Information, "A field is empty or contradicts another one under a condition that the standard states.")
)
