package roster

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a column holds. The values are written in specifications.
type Role string

// The roles. A column without a role is kept and shown, and is no evidence.
const (
	Ignore       Role = ""
	ID           Role = "id"       // the record's identifier in its system: one column
	OtherID      Role = "other id" // an identifier of another system or authority, such as a chart number
	FullName     Role = "name"     // surname and given names in one cell
	LastName     Role = "last name"
	FirstName    Role = "first name"
	MiddleName   Role = "middle name"
	NameSuffix   Role = "suffix"
	MaidenName   Role = "maiden name"
	BirthDate    Role = "birth date"
	BirthYear    Role = "birth year" // of a date in three columns
	BirthMonth   Role = "birth month"
	BirthDay     Role = "birth day"
	Sex          Role = "sex"
	SSN          Role = "ssn"
	StreetNumber Role = "street number"
	Address      Role = "address"
	AddressMore  Role = "address 2"
	City         Role = "city"
	State        Role = "state"
	PostalCode   Role = "postal code"
	HomePhone    Role = "home phone"
	MobilePhone  Role = "mobile phone"
	WorkPhone    Role = "work phone"
	Email        Role = "email"
	Plan         Role = "plan"
	MemberID     Role = "member id"
	Guarantor    Role = "guarantor"
	Mother       Role = "mother"
	PriorID      Role = "prior id" // merged into ID: MRG-1
	PCP          Role = "primary care provider"
)

// Roles lists all roles but [Ignore].
var Roles = []Role{
	ID, OtherID, FullName, LastName, FirstName, MiddleName, NameSuffix, MaidenName, BirthDate, BirthYear, BirthMonth, BirthDay, Sex, SSN, StreetNumber,
	Address, AddressMore, City, State, PostalCode, HomePhone, MobilePhone, WorkPhone, Email, Plan, MemberID, Guarantor,
	Mother, PriorID, PCP,
}

// several are roles that more than one column may have.
var several = []Role{OtherID, PriorID}

// ParseRole reads a role's name; "ignore" and "" are [Ignore].
func ParseRole(s string) (Role, error) {
	s = strings.ToLower(strings.TrimSpace(strings.ReplaceAll(s, "_", " ")))
	if s == "" || s == "ignore" || s == "none" {
		return Ignore, nil
	}
	if slices.Contains(Roles, Role(s)) {
		return Role(s), nil
	}
	names := make([]string, len(Roles))
	for i, r := range Roles {
		names[i] = string(r)
	}
	return "", fmt.Errorf("there is no role %q: a column's role is ignore, %s", s, strings.Join(names, ", "))
}

// headings gives the roles of usual headings, letters and digits only.
var headings = map[Role][]string{
	ID: {"id", "recid", "recordid", "uniqueid", "patientid", "patid", "ptid", "personid", "mrn", "mrnumber", "medicalrecordnumber",
		"medrecno", "patientmrn", "infusionid", "internalid", "externalid", "pid", "patientnumber", "patientno", "clientid",
		"empi", "eid", "epi", "enterpriseid", "accountid", "key"},
	OtherID: {"chartno", "chart", "chartnumber", "chartid", "othermrn", "hospitalmrn", "ehrmrn", "altid", "alternateid",
		"alternatemrn", "externalmrn", "partnermrn", "partnerid", "legacyid", "oldmrn", "secondaryid", "otherid", "ehrid",
		"hospitalid", "accountnumber", "acctno", "account", "cpi"},
	FullName:     {"name", "patientname", "fullname", "ptname", "patient"},
	LastName:     {"lastname", "surname", "familyname", "lname", "last", "family", "patientlastname", "ptlastname", "namelast", "patlast", "sn"},
	FirstName:    {"firstname", "givenname", "fname", "first", "given", "patientfirstname", "ptfirstname", "namefirst", "forename", "patfirst"},
	MiddleName:   {"middle", "middlename", "middleinitial", "mi", "mname", "patientmiddlename", "middleini", "minitial", "secondname"},
	NameSuffix:   {"suffix", "namesuffix", "generation", "gen", "patientsuffix"},
	MaidenName:   {"maidenname", "maiden", "formername", "previouslastname", "priorlastname", "birthname"},
	BirthDate:    {"dob", "dateofbirth", "birthdate", "patientdob", "ptdob", "bdate", "birthdt", "datebirth", "brthdt", "patientbirthdate", "borndate", "birth"},
	BirthYear:    {"birthyear", "yearofbirth", "yob", "by", "dobyear"},
	BirthMonth:   {"birthmonth", "monthofbirth", "mob", "bm", "dobmonth"},
	BirthDay:     {"birthday", "dayofbirth", "bd", "dobday"},
	Sex:          {"sex", "gender", "patientsex", "patientgender", "administrativesex", "administrativegender", "sexatbirth", "birthsex", "ptsex"},
	SSN:          {"ssn", "socsecid", "socialsecuritynumber", "socialsecurity", "ssnumber", "socsec", "patientssn", "ssno", "socialsecurityno", "ssid", "socialsec"},
	StreetNumber: {"streetnumber", "housenumber", "streetno", "houseno"},
	Address:      {"address", "address1", "addr1", "addr", "street", "streetaddress", "addressline1", "addrline1", "homeaddress", "patientaddress", "line1", "street1", "mailingaddress", "residence", "addressline", "patientaddress1", "add1"},
	AddressMore:  {"address2", "addr2", "addressline2", "addrline2", "apt", "unit", "line2", "street2", "add2"},
	City:         {"city", "suburb", "town", "homecity", "patientcity", "municipality", "locality", "addresscity"},
	State:        {"state", "st", "province", "stateprovince", "homestate", "patientstate", "statecode", "addressstate"},
	PostalCode:   {"zip", "zipcode", "postcode", "postalcode", "zip5", "patientzip", "homezip", "zippostal", "addresszip", "postal"},
	HomePhone:    {"homephone", "phone", "phonenumber", "telephone", "phonehome", "tel", "phone1", "hometelephone", "primaryphone", "homephonenumber", "patientphone", "contactphone", "homeph", "telecom"},
	MobilePhone:  {"mobile", "cell", "cellphone", "mobilephone", "phonecell", "phonemobile", "cellnumber", "mobilenumber", "phone2", "cellphonenumber", "mobilephonenumber", "secondaryphone"},
	WorkPhone:    {"workphone", "businessphone", "officephone", "phonework", "phonebusiness", "employerphone"},
	Email:        {"email", "emailaddress", "mail", "patientemail", "emailid", "emailaddr"},
	Plan:         {"plan", "planname", "insurance", "insuranceplan", "payer", "payor", "payername", "insurancename", "primaryinsurance", "primaryplan", "carrier", "insurer", "coverage"},
	MemberID:     {"memberid", "subscriberid", "policynumber", "policyno", "insuranceid", "memberno", "membernumber", "policyid", "subscriberno", "subscribernumber", "insuredid", "memid", "member"},
	Guarantor:    {"guarantor", "guarantorname", "responsibleparty"},
	Mother:       {"mother", "mothername", "mothersname", "mothersmaidenname", "mothermaidenname"},
	PriorID:      {"priorid", "mergedid", "priormrn", "mergedmrn"},
	PCP:          {"pcp", "primarycareprovider", "provider", "physician"},
}

var roleOfHeading = func() map[string]Role {
	m := map[string]Role{}
	for role, names := range headings {
		for _, n := range names {
			m[n] = role
		}
	}
	return m
}()

// Repeat parts several values in one cell, such as the repetitions of PID-3.
const Repeat = " ~ "
