package plan

import (
	"strings"
	"testing"

	"trestle/internal/linkage"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in       Record
		brands   string
		states   string
		line     Line
		products string
		metal    string
		program  string
		blue     Blue
	}{
		{Record{Name: "BCBS OF NORTH DAKOTA BLUEDIRECT 70 1400 PPO"}, "bcbs", "ND", "", "PPO", "", "", BlueBoth},
		{Record{Name: "BLUE CROSS BLUE SHEILD IA"}, "bcbs", "IA", "", "", "", "", BlueBoth},
		{Record{Name: "BC OF TX"}, "bcbs", "TX", "", "", "", "", BlueCross},
		{Record{Name: "BCBS-AL"}, "bcbs", "AL", "", "", "", "", BlueBoth},
		{Record{Name: "BCTN"}, "bcbs", "TN", "", "", "", "", BlueCross},
		{Record{Name: "BCOFNEPA"}, "nepa", "PA", "", "", "", "", NotBlue},
		{Record{Name: "BCBS KS CITY"}, "bcbs bluekc", "MO", "", "", "", "", BlueBoth},
		{Record{Name: "Blue Cross of California"}, "bcbs", "CA", "", "", "", "", BlueCross},
		{Record{Name: "Blue Shield of California"}, "bcbs", "CA", "", "", "", "", BlueShield},
		{Record{Name: "Empire BlueCross BlueShield HMO"}, "bcbs empire", "NY", "", "HMO", "", "", BlueBoth},
		{Record{Name: "AENTA CHOICE POS II"}, "aetna", "", "", "POS", "", "", NotBlue},
		{Record{Name: "UHC MED ADV HMO"}, "uhc", "", Advantage, "HMO", "", "", NotBlue},
		{Record{Insurer: "Aetna", Name: "Aetna Medicare PPO", Type: "Medicare Advantage"}, "aetna", "", Advantage, "PPO", "", "", NotBlue},
		{Record{Name: "HUMANA MCR SUPP PLAN G", Type: "SUP"}, "humana", "", Supplement, "", "", "", NotBlue},
		{Record{Name: "MEDICARE PART B"}, "", "", Medicare, "", "", "", NotBlue},
		{Record{Name: "RR MEDICARE"}, "", "", Medicare, "", "", "Railroad", NotBlue},
		{Record{Name: "Medicaid of Utah"}, "", "UT", Medicaid, "", "", "", NotBlue},
		{Record{Name: "TennCare Select"}, "tenncare", "TN", Medicaid, "", "", "", NotBlue},
		{Record{Name: "HEALTH NET MEDI-CAL"}, "healthnet medi-cal", "CA", Medicaid, "", "", "", NotBlue},
		{Record{Name: "UHC DUAL COMPLETE DSNP"}, "uhc", "", Dual, "", "", "", NotBlue},
		{Record{Name: "VA CCN REGION 2"}, "va", "", Veterans, "", "", "", NotBlue},
		{Record{Name: "TRICARE EAST"}, "tricare", "", Tricare, "", "", "", NotBlue},
		{Record{Name: "SENTINEL WC"}, "", "", WorkersComp, "", "", "", NotBlue},
		{Record{Name: "MVA GENERAL", Type: "AUTO"}, "", "", Auto, "", "", "", NotBlue},
		{Record{Name: "SELF PAY"}, "", "", SelfPay, "", "", "", NotBlue},
		{Record{Name: "Riverbend Foundation", Type: "Charity"}, "", "", Charity, "", "", "", NotBlue},
		{Record{Name: "DELTA DENTAL PPO"}, "deltadental", "", Dental, "PPO", "", "", NotBlue},
		{Record{Name: "CORNERSTONE VISION"}, "", "", Vision, "", "", "", NotBlue},
		{Record{Name: "Ambetter Bronze 3 + Vision + Adult Dental"}, "ambetter", "", "", "", "Bronze", "", NotBlue},
		{Record{Name: "FED EMP PROG", Insurer: "BCBS"}, "bcbs", "", "", "", "", "FEP", BlueBoth},
		{Record{Name: "Molina Marketplace Gold Plan"}, "molina", "", Exchange, "", "Gold", "", NotBlue},
		{Record{Name: "CIGNA OAP"}, "cigna", "", "", "open access", "", "", NotBlue},
		{Record{Name: "Cigna Open Access Plus"}, "cigna", "", "", "open access", "", "", NotBlue},
		{Record{Name: "PHCS MULTIPLAN"}, "multiplan", "", "", "", "", "", NotBlue},
		{Record{Name: "HSA PREMIER HMO-3000"}, "", "", "", "HMO+HDHP", "", "", NotBlue},
	} {
		p := Parse(c.in, Standard())
		got := []string{strings.Join(p.Brands, " "), strings.Join(p.States, " "), string(p.Business), p.Products.String(), p.Metal, p.Programme}
		want := []string{c.brands, c.states, string(c.line), c.products, c.metal, c.program}
		if strings.Join(got, ";") != strings.Join(want, ";") || p.Blue != c.blue {
			t.Errorf("%q %q: %q blue %d, want %q blue %d", c.in.Name, c.in.Type, got, p.Blue, want, c.blue)
		}
	}
}

func TestParseContacts(t *testing.T) {
	p := Parse(Record{
		ID: "1", Name: "x", Address: "Attn: Claims, P.O. Box 041376", ZIP: "23261-1376", Phones: []string{"1-877-687-1169 x12", "0000000000", "687-1169"},
		PayerIDs: []PayerID{{Value: " 00112 "}, {Value: "UTMCD", Transaction: "270"}},
	}, Standard())
	if p.Box != "41376" || p.ZIP5 != "23261" || p.ZIP4 != "1376" || strings.Join(p.Tel, " ") != "8776871169" || strings.Join(p.payerIDs, " ") != "112 UTMCD" {
		t.Errorf("%+v", p)
	}
	if q := Parse(Record{Name: "x", ZIP: "10"}, Standard()); q.ZIP5 != "00010" {
		t.Errorf("the ZIP 10 is %q", q.ZIP5)
	}
}

func TestPayerIDsOfOneTransactionOnly(t *testing.T) {
	a, b := PayerID{Value: "UTMCD", Transaction: "270"}, PayerID{Value: "SKUT0", Transaction: "835"}
	if a.meets(b) || !a.meets(PayerID{Value: "X"}) || !a.meets(PayerID{Transaction: "270", Clearinghouse: "Y"}) {
		t.Error("which payer IDs may be compared is wrong")
	}
}

func TestSplit(t *testing.T) {
	for in, want := range map[string]string{
		"BlueChoice HSA Bronze $4,000": "BLUECHOICE HSA BRONZE 4000",
		"YOUNG ADULT $6 350":           "YOUNG ADULT 6350",
		"MSP 1 000/2,750":              "MSP 1000 2750",
		"Gold 1400 H.S.A.":             "GOLD 1400 HSA",
		"Consumers' Choice":            "CONSUMERS CHOICE",
		"Plan 2 500":                   "PLAN 2 500",
		"Santé & Co":                   "SANTE AND CO",
		"W/CHILD D":                    "W CHILD D",
		"Medi-Cal MEDI CAL medi-caléx": "MEDICAL-CALIFORNIA MEDICAL-CALIFORNIA MEDICAL-CALIFORNIA",
		"Bronze 4 + Vision":            "BRONZE 4 + VISION",
		"健保":                           "健保",
	} {
		if got := strings.Join(split(in), " "); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestColumnLimits(t *testing.T) {
	var rows []Record
	for i := range 40 {
		name := strings.Repeat("n", 10+i) // lengths 10 to 49
		rows = append(rows, Record{Name: name[:min(len(name), 30)]})
	}
	if got := columnLimits(rows); len(got) != 1 || got[0] != 30 {
		t.Errorf("limits %v, want 30", got)
	}
	for i := range rows {
		rows[i].Name = strings.Repeat("n", 10+i)
	}
	if got := columnLimits(rows); len(got) != 0 {
		t.Errorf("names of all lengths are cut at %v", got)
	}
}

func TestDictionaryGrows(t *testing.T) {
	d := Standard()
	grown, err := d.With(
		linkage.Alias{Kind: linkage.Plans, From: "Meadow Trust", To: "aetna"}, linkage.Alias{Kind: linkage.Plans, From: "OUR GOLD", To: "Their Gold Plan"},
		linkage.Alias{Kind: linkage.Patients, From: "Bob", To: "Robert"})
	if err != nil {
		t.Fatal(err)
	}
	if p := Parse(Record{Name: "MEADOW TRUST PPO"}, grown); strings.Join(p.Brands, " ") != "aetna" {
		t.Errorf("the taught insurer is not found: %v", p.Brands)
	}
	if p := Parse(Record{Name: "MEADOW TRUST PPO"}, d); len(p.Brands) != 0 {
		t.Error("the dictionary that was shipped has changed")
	}
	l, r := Parse(Record{Name: "our gold"}, grown), Parse(Record{Name: "THEIR GOLD PLN"}, grown)
	if !taught(&l, &r) || taught(&r, &l) {
		t.Error("the taught name does not stand for the other")
	}
	if _, err := d.With(linkage.Alias{From: "a b", To: "c"}, linkage.Alias{From: "A-B", To: "d"}); err == nil {
		t.Error("aliases that contradict each other were taken")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "BLUE CROSS BLUE 2100A SHIELD OF TENNESSEE", "AMBETTER FROM SUNSHINE HEALTH SILVER 4 +", "$1,000 \xff", "of", "Medi-Ca", "A B C", "ÀÉ 健"} {
		f.Add(s, "HMO", "PO BOX 1", "00010")
		f.Add(s, "0", "0", "0\xeca\xadX")
	}
	f.Fuzz(func(t *testing.T, name, kind, address, zip string) {
		r := Record{ID: "1", Insurer: kind, Name: name, Type: kind, Address: address, ZIP: zip, Phones: []string{zip}, PayerIDs: []PayerID{{Value: zip}}}
		for _, cut := range []bool{false, true} {
			p := parse(r, cut, Standard())
			if len(p.ZIP5) != 0 && len(p.ZIP5) != 5 {
				t.Errorf("ZIP5 %q", p.ZIP5)
			}
			m := newModel(&List{Plans: []Plan{p}}, &List{Plans: []Plan{p}})
			c := m.compare(&p, &p)
			if c.wordsDiffer || c.numbersDiffer || c.insurersDiffer {
				t.Errorf("a plan differs from itself: %+v", c)
			}
		}
	})
}
