package plan

import (
	"slices"
	"strings"
)

// text is the words of a row, to ask for phrases.
type text struct{ padded string }

func textOf(words []string) text { return text{" " + strings.Join(words, " ") + " "} }

func (t text) has(phrases ...string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(t.padded, " "+p+" ") })
}

// lineOfName reads the line of business from expanded words. private says that an insurer is named who is no
// programme of the government: its Medicare plans are Medicare Advantage.
func lineOfName(t text, private bool) Line {
	medicare := t.has("MEDICARE")
	switch {
	case t.has("SELF PAY", "SELFPAY", "CASH", "CASH PAY", "UNINSURED", "NO INSURANCE", "PRIVATE PAY"):
		return SelfPay
	case t.has("CHARITY", "FINANCIAL ASSISTANCE", "INDIGENT"):
		return Charity
	case t.has("RESEARCH", "CLINICAL TRIAL"):
		return ResearchStudies
	case t.has("COPAY ASSISTANCE", "CO PAY ASSISTANCE", "PATIENT ASSISTANCE", "COPAY CARD"):
		return Assistance
	case t.has("WORKERS COMPENSATION", "WORKERS COMPANY", "WORK COMPANY", "WORK COMPENSATION", "WORKERS FUND", "WORKERS COMPENSATION FUND", "INDUSTRIAL ACCIDENT", "LABOR INDUSTRIES"):
		return WorkersComp
	case t.has("AUTO", "MVA", "MOTOR VEHICLE", "NO FAULT", "LIABILITY", "AUTOMOBILE"):
		return Auto
	case t.has("CORRECTIONS", "CORRECTION", "CORRECTIONAL", "JAIL", "PRISON"):
		return Corrections
	case t.has("DUAL COMPLETE", "DSNP", "D SNP", "DUAL", "DUALS", "MEDICARE MEDICAID", "MMP", "SCO"):
		return Dual
	case medicare && t.has("SUPPLEMENT"), t.has("MEDICAL SUPPLEMENT"):
		return Supplement
	case t.has("PART D", "PRESCRIPTION DRUG PLAN"):
		return PartD
	case medicare && t.has("ADVANTAGE", "REPLACEMENT", "COMPLETE"), t.has("SENIOR ADVANTAGE", "MEDICAL ADVANTAGE"):
		return Advantage
	case medicare && private:
		return Advantage
	case medicare:
		return Medicare
	case t.has("MEDICAID", "MEDICAL-CALIFORNIA", "CHIP", "MEDICAL ASSISTANCE"):
		return Medicaid
	case t.has("TRICARE", "CHAMPUS"):
		return Tricare
	case t.has("VETERANS AFFAIRS", "VETERANS ADMINISTRATORS", "VA CCN", "CHAMPVA", "VA COMMUNITY CARE", "TRIWEST"):
		return Veterans
	case t.has("BEHAVIORAL HEALTH", "BEHAVIORAL", "MENTAL HEALTH"):
		return Behavioral
	case t.has("PHARMACY BENEFIT", "CAREMARK", "EXPRESS SCRIPTS", "OPTUMRX"):
		return Pharmacy
	case t.has("MARKETPLACE", "EXCHANGE", "COVERED CALIFORNIA"):
		return Exchange
	case t.has("COMMERCIAL"):
		return Commercial
	}
	return LineUnknown
}

// riders finds dental and vision. Both of them, or one after a word that adds, or beside a metal level, is a rider of a
// medical plan; else it is what the plan is.
func riders(raw []string, metal string) (line Line, dental, vision bool) {
	added := metal != ""
	for i, w := range raw {
		switch w {
		case "DENTAL", "DEN", "DNTL", "DENT":
			dental = true
		case "VISION", "VIS", "VSN":
			vision = true
		default:
			continue
		}
		if i > 0 {
			switch raw[i-1] {
			case "+", "WITH", "W", "AND", "PLUS", "INCL", "INCLUDING", "PEDIATRIC", "ADULT", "CHILD", "PED":
				added = true
			}
		}
	}
	switch {
	case added || dental && vision:
		return LineUnknown, dental, vision
	case dental:
		return Dental, false, false
	case vision:
		return Vision, false, false
	}
	return LineUnknown, false, false
}

// lineOfType reads a column of plan types or financial classes: codes, or words.
func lineOfType(column string) Line {
	words := split(column)
	if len(words) == 1 {
		if l, ok := typeCodes[words[0]]; ok {
			return l
		}
	}
	t := textOf(expand(words))
	if l, _, _ := riders(words, ""); l != LineUnknown {
		return l
	}
	switch {
	case t.has("SUPPLEMENT"):
		return Supplement
	case t.has("NETWORK"):
		return Network
	case t.has("ASSISTANCE"):
		return Assistance
	case t.has("EXCHANGE", "MARKETPLACE"):
		return Exchange
	}
	return lineOfName(t, false)
}

// typeCodes are financial classes as systems have them.
var typeCodes = map[string]Line{
	"MCR": Medicare, "MC": Medicare, "MEDICARE": Medicare, "MB": Medicare, "MCARE": Medicare,
	"MA": Advantage, "MAPD": Advantage, "MCRA": Advantage, "MCD": Medicaid, "MCAID": Medicaid, "CAID": Medicaid,
	"COM": Commercial, "COMM": Commercial, "CI": Commercial, "COMMERCIAL": Commercial, "EXC": Exchange, "EXCH": Exchange,
	"SUP": Supplement, "SUPP": Supplement, "PARTD": PartD, "PDP": PartD, "DEN": Dental, "VIS": Vision, "WC": WorkersComp,
	"AUTO": Auto, "AM": Auto, "SP": SelfPay, "SELF": SelfPay, "SELFPAY": SelfPay, "NET": Network, "TRI": Tricare, "CH": Tricare,
	"VA": Veterans, "DUAL": Dual, "DSNP": Dual, "BH": Behavioral, "RX": Pharmacy,
}

// settle joins what the name says with what the column says. The name is nearer to the plan; the column refines it.
func settle(name, column Line) Line {
	switch {
	case name == LineUnknown:
		return column
	case name == Medicare && (column == Advantage || column == Supplement || column == PartD || column == Dual):
		return column
	case (name == Commercial || name == Exchange) && !name.compatible(column) && column != LineUnknown:
		return column
	case name == Advantage && column == Dual:
		return Dual
	}
	return name
}
