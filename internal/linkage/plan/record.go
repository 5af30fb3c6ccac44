package plan

import "strings"

// Record is one row of a plan list as its system has it: text, nothing of it changed.
type Record struct {
	ID       string    // the key that the user named "the plan ID"
	Line     int       // 1-based, in the file; 0 where there is none
	Insurer  string    // the company, where the list has it in a column of its own
	Name     string    // of the plan, often with the company's in it
	Type     string    // plan type, financial class
	PayerIDs []PayerID // one each clearinghouse and transaction
	Address  string
	City     string
	State    string // of the address, which is where claims go and says nothing of where the plan is sold
	ZIP      string
	Phones   []string
}

// PayerID is what a clearinghouse calls a payer in one kind of transaction: the same payer may be UTMCD in a 270 and
// SKUT0 in an 835, and one ID may cover 25 regional payers. It identifies nothing by itself.
type PayerID struct {
	Value         string
	Clearinghouse string // empty: not known
	Transaction   string // such as 270, 837P or 835; empty: not known
}

// comparable gives the ID without what systems lose: case, blanks, and the leading zeros of numbers ("00112" is "112").
func (p PayerID) comparable() string {
	value := strings.ToUpper(strings.Join(strings.Fields(p.Value), ""))
	if trimmed := strings.TrimLeft(value, "0"); trimmed != "" {
		value = trimmed
	}
	return value
}

// meets says whether two IDs may be compared: not if both say for whom they are, and differ.
func (p PayerID) meets(o PayerID) bool {
	same := func(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }
	return same(p.Clearinghouse, o.Clearinghouse) && same(p.Transaction, o.Transaction)
}

// Line is the line of business.
type Line string

// The lines of business. A plan of one is never a plan of another.
const (
	LineUnknown     Line = ""
	Commercial      Line = "commercial"
	Exchange        Line = "exchange" // individual plans of the marketplace: commercial too
	Medicare        Line = "Medicare"
	Advantage       Line = "Medicare Advantage"
	PartD           Line = "Medicare Part D"
	Supplement      Line = "Medicare supplement"
	Medicaid        Line = "Medicaid"
	Dual            Line = "dual eligible"
	Dental          Line = "dental"
	Vision          Line = "vision"
	Pharmacy        Line = "pharmacy benefit"
	Behavioral      Line = "behavioral health"
	Tricare         Line = "TRICARE"
	Veterans        Line = "Veterans Affairs"
	WorkersComp     Line = "workers' compensation"
	Auto            Line = "auto and liability"
	Corrections     Line = "corrections"
	Network         Line = "rental network"
	Assistance      Line = "copay assistance"
	SelfPay         Line = "self-pay"
	Charity         Line = "charity"
	ResearchStudies Line = "research"
)

// IsPayer says whether somebody pays who can be linked: self-pay, charity and research are rows in a list of plans but
// no payers (Source of Payment Typology, codes 81 to 89), and are never linked.
func (l Line) IsPayer() bool { return l != SelfPay && l != Charity && l != ResearchStudies }

// compatible says whether a plan of one line may be a plan of the other.
func (l Line) compatible(o Line) bool {
	family := func(l Line) Line {
		switch l {
		case Exchange:
			return Commercial
		case Dual: // dual special needs plans are Medicare Advantage plans
			return Advantage
		}
		return l
	}
	return l == LineUnknown || o == LineUnknown || family(l) == family(o)
}

// Products are the kinds of benefit design that a row names, as a set.
type Products uint16

// The products.
const (
	HMO Products = 1 << iota
	PPO
	EPO
	POS
	HDHP
	Indemnity
	OpenAccess
	FeeForService
	lastProduct
)

var productNames = []string{"HMO", "PPO", "EPO", "POS", "HDHP", "indemnity", "open access", "fee for service"}

// String joins the products' names with a plus sign.
func (p Products) String() string {
	var names []string
	for i, name := range productNames {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// networks is the part of the set that excludes another: a PPO is no HMO, but either may have a high deductible.
func (p Products) networks() Products { return p & (HMO | PPO | EPO | POS | Indemnity) }

// Blue says which half of the Blues a name names. In some states Blue Cross and Blue Shield are two companies.
type Blue uint8

// The halves of the Blues.
const (
	NotBlue Blue = iota
	BlueCross
	BlueShield
	BlueBoth = BlueCross | BlueShield
)

// Plan is a record as it was understood. What it does not say is empty.
type Plan struct {
	Record
	Brands    []string // insurers that the dictionary knows, by their keys, sorted
	Blue      Blue
	States    []string // where the plan is sold, from its name; sorted two-letter codes
	Business  Line
	Products  Products
	Metal     string // Catastrophic, Bronze, Silver, Gold, Platinum
	Programme string // FEP, Railroad, D-SNP and the like
	Box       string // digits of the post office box
	ZIP5      string
	ZIP4      string
	Tel       []string // ten digits each
	Truncated bool     // the name ends where its column did

	words     []word // what the name says beyond all that, in order, each once
	allWords  []word // words, and those that named the brands
	payerIDs  []string
	ownBrands []string // Brands without the Blues' common one
	product   string   // Products as text
	boxKey    string   // Box and ZIP5
	known     []string // the name, without and with the insurer's, in normal form
	taught    string   // the normal form that a decision said it stands for
	dental    bool     // a rider of a medical plan
	vision    bool
	variant   string // letter of a supplement or part: Plan G, Part B
}

// InsurerName is the insurer for a person: the dictionary's name, or what the list itself says.
func (p *Plan) InsurerName(d *Dictionary) string {
	var names []string
	for _, key := range p.Brands {
		names = append(names, d.Name(key))
	}
	if len(names) > 0 {
		return strings.Join(names, " / ")
	}
	return strings.TrimSpace(p.Insurer)
}
