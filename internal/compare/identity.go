package compare

import (
	"bytes"
	"hash/maphash"

	"trestle/internal/hl7"
)

// seed makes the hashes of one run of the program; no output depends on them.
var seed = maphash.MakeSeed()

// identityPaths say by which values segments of one name are told apart: of each list the first entry that has a value
// counts, and its parts all together.
var identityPaths = func() map[name3][][]hl7.Path {
	table := map[string][]string{
		"PID": {"3.1"},
		"OBX": {"3.1 3.3 4", "3.2 4", "3.4 4"},
		"NK1": {"2.1 2.2 3.1", "2.1 2.2"},
		"IN1": {"2.1 3.1 36", "2.1 3.1 49.1", "2.1 3.1"},
		"DG1": {"3.1 6", "4"},
		"AL1": {"3.1", "3.2"},
		"IAM": {"3.1", "3.2"},
		"FT1": {"2", "7.1 4", "4"},
		"ORC": {"2.1", "3.1"},
		"OBR": {"2.1", "3.1", "4.1", "4.2"},
		"PR1": {"3.1 5", "3.1"},
		"GT1": {"3.1 3.2", "2.1"},
		"RXA": {"5.1 3", "5.1"},
		"RXE": {"2.1"}, "RXO": {"1.1"}, "RXD": {"2.1"}, "RXG": {"4.1"}, "RXR": {"1.1"}, "RXC": {"2.1"},
		"AIS": {"3.1"}, "AIG": {"3.1"}, "AIL": {"3.1"}, "AIP": {"3.1"},
		"SPM": {"2", "4.1"},
		"ROL": {"3.1 4.1", "4.1"},
		"PRT": {"4.1 5.1", "4.1"},
		"MFE": {"4.1"}, "STF": {"1.1"}, "OM1": {"2.1"}, "CDM": {"1.1"}, "LOC": {"1"}, "PRA": {"1.1"},
		"ERR": {"2 3.1", "1"},
		"SAC": {"3.1"}, "TXA": {"12.1"}, "MRG": {"1.1"}, "PRB": {"3.1"}, "GOL": {"3.1"}, "VAR": {"1.1"}, "IN3": {"2.1"},
	}
	out := map[name3][][]hl7.Path{}
	for segment, lists := range table {
		name := name3([]byte(segment))
		for _, list := range lists {
			var paths []hl7.Path
			for _, p := range bytes.Fields([]byte(list)) {
				paths = append(paths, hl7.MustPath(segment+"-"+string(p)))
			}
			out[name] = append(out[name], paths)
		}
	}
	return out
}()

// lists are the segments that are entries of a list: one on each side need not be the same entry.
var lists = func() map[name3]bool {
	set := map[name3]bool{}
	for _, s := range []string{"OBX", "NK1", "DG1", "AL1", "IAM", "FT1", "PR1", "GT1", "IN1", "ROL", "PRT", "AIS", "AIG", "AIL", "AIP", "MFE", "RXC", "ERR", "PRB", "GOL"} {
		set[name3([]byte(s))] = true
	}
	return set
}()

// identityOf hashes what identifies a segment among those of its name; 0 if it has nothing of the kind.
func identityOf(name name3, s hl7.Segment) uint64 {
	for _, list := range identityPaths[name] {
		var h uint64
		found := false
		for _, p := range list {
			v := s.Field(p.Field)
			if p.Component > 0 {
				v = v.Component(p.Component)
			}
			raw := v.Raw()
			if v.State() == hl7.Valued && !found {
				found = p.Field == list[0].Field
			}
			h = h*0x100000001B3 ^ maphash.Bytes(seed, raw)
		}
		if found {
			return h | 1
		}
	}
	return 0
}

// contentOf hashes a segment without its set ID, so that a segment that was only renumbered is the same.
func (s *side) contentOf(i int, same bool) uint64 {
	seg := s.m.Segment(i)
	b := seg.Bytes()
	if !same {
		return s.meaningOf(seg)
	}
	if setIDs[s.lines[i].name] {
		if f := seg.Field(1); f.IsPresent() {
			b = b[f.End()-seg.Offset():]
		}
	}
	return maphash.Bytes(seed, b)
}

// meaningOf hashes the values of a segment with their places, whatever separates them.
func (s *side) meaningOf(seg hl7.Segment) uint64 {
	if seg.Kind() > hl7.LineBadID {
		return maphash.Bytes(seed, seg.Bytes())
	}
	var h maphash.Hash
	h.SetSeed(seed)
	counts := setIDs[s.lines[seg.Index()].name]
	for leaf := range seg.Leaves() {
		if leaf.Field == 1 && counts || seg.IsHeader() && leaf.Field <= 2 || !s.says(leaf.Value) {
			continue
		}
		h.WriteByte(byte(leaf.Field))
		h.WriteByte(byte(leaf.Repetition))
		h.WriteByte(byte(leaf.Component))
		h.WriteByte(byte(leaf.Subcomponent))
		if raw := leaf.Raw(); s.escaped(raw) {
			h.WriteString(leaf.Text())
		} else {
			h.Write(raw)
		}
	}
	return h.Sum64()
}

// repetitionKey hashes what identifies a repetition among its siblings, by the data type of the field: an identifier by
// authority and type, a name by its type, a telephone by use and equipment, a code by code and system.
func repetitionKey(kind string, r hl7.Value) uint64 {
	var parts []int
	switch kind {
	case "CX":
		parts = []int{4, 5}
	case "XPN":
		parts = []int{7}
	case "XAD":
		parts = []int{7}
	case "XTN":
		parts = []int{2, 3}
	case "XCN", "XON", "PPN":
		parts = []int{1, 9}
	case "CE", "CWE", "CNE", "CF":
		parts = []int{1, 3}
	case "EI", "HD", "EIP":
		parts = []int{1, 2, 3, 4}
	default:
		return 0
	}
	var h uint64
	found := false
	for _, n := range parts {
		c := r.Component(n)
		if kind == "CX" && n == 4 { // the name of the authority alone: some send its OID too
			if c = c.Subcomponent(1); c.State() != hl7.Valued {
				c = r.Component(4)
			}
		}
		found = found || c.State() == hl7.Valued
		h = h*0x100000001B3 ^ maphash.Bytes(seed, c.Raw())
	}
	if !found {
		return 0
	}
	return h | 1
}
