package hl7_test

import (
	"fmt"
	"strings"

	"trestle/internal/hl7"
)

const admission = "MSH|^~\\&|BED|NORTH|||20260315||ADT^A01^ADT_A01|1001|P|2.5.1\r" +
	"PID|1||4711^^^NORTH&1.2.3&ISO^MR~A-99^^^PLAN||ROE^RICHARD||\"\"|M\r"

func Example() {
	m := hl7.Parse([]byte(admission))
	v, err := m.GetString("PID-3[2].4.1")
	fmt.Println(v.Text(), v.State(), err)

	n, err := m.Set(hl7.MustPath("PID-5.1"), "ROE & SON")
	fmt.Printf("%s %v\n", n.Segment(1).Field(5).Raw(), err)
	// Output:
	// PLAN valued <nil>
	// ROE \T\ SON^RICHARD <nil>
}

func ExampleMessage_All() {
	m := hl7.Parse([]byte(admission))
	for v := range m.All(hl7.MustPath("PID-3[*].1")) {
		fmt.Println(v)
	}
	// Output:
	// 4711
	// A-99
}

func ExampleMessage_Locate() {
	m := hl7.Parse([]byte(admission))
	fmt.Println(m.Locate(strings.Index(admission, "ISO")))
	// Output: PID-3[1].4.3
}

func ExampleValue_State() {
	m := hl7.Parse([]byte(admission))
	for _, path := range []string{"PID-6", "PID-7", "PID-8", "PID-9"} {
		fmt.Println(path, m.Get(hl7.MustPath(path)).State())
	}
	// Output:
	// PID-6 empty
	// PID-7 null
	// PID-8 valued
	// PID-9 absent
}

func ExampleValue_Escapes() {
	m := hl7.Parse([]byte("MSH|^~\\&|LAB\rNTE|1||Gram\\F\\stain 4\\5 re.\r"))
	for e := range m.Get(hl7.MustPath("NTE-3")).Escapes() {
		fmt.Printf("%s %v %q\n", e.Kind, e.OK, e.Reason)
	}
	// Output:
	// delimiter true ""
	// unknown false "the escape character has no partner that closes the sequence"
}

func ExampleMessage_Charset() {
	m := hl7.Parse([]byte("MSH|^~\\&|LAB\rNTE|1||J\xfcrgen\r"))
	fmt.Println(m.Charset().Name, m.Get(hl7.MustPath("NTE-3")))
	fmt.Println(m.Charset().Conflict)
	// Output:
	// windows-1252 Jürgen
	// MSH-18 is empty, which means ASCII, but byte 21 is FC; read as windows-1252, because byte 21 (FC) is not valid UTF-8
}

func ExampleParsePath() {
	for _, s := range []string{"PID.3.1", "/PATIENT(0)/PID-3-1", "OBX[*]-5", "PIDX-3"} {
		p, err := hl7.ParsePath(s)
		fmt.Println(p, err)
	}
	// Output:
	// PID-3.1 <nil>
	// /PATIENT[1]/PID-3.1 <nil>
	// OBX[*]-5 <nil>
	//  path "PIDX-3": a segment ID has three characters and starts with a letter, as in PID or ZP1; after a group write / and the segment
}

func ExampleScanner() {
	stream := "\x0b" + admission + "\x1c\n\x0bMSH|^~\\&|LAB\r\x1c\r"
	s := hl7.NewScanner(strings.NewReader(stream), hl7.ScanOptions{})
	for s.Scan() {
		it := s.Item()
		fmt.Println(it.Kind, it.Offset, it.Length)
		for _, n := range it.Notes {
			fmt.Println("  " + n.Text)
		}
	}
	fmt.Println(s.Err())
	// Output:
	// message 1 124
	//   the end block is FS LF, it should be FS CR
	// message 128 13
	// <nil>
}
