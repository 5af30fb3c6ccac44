package profile

import (
	"regexp"
	"slices"
)

// formats are the named forms of a value.
var formats = map[string]struct {
	pattern *regexp.Regexp
	words   string
}{
	"YYYYMMDD":       {regexp.MustCompile(`^\d{8}$`), "a date of eight digits"},
	"YYYYMMDDHHMM":   {regexp.MustCompile(`^\d{12}$`), "a date and time of twelve digits"},
	"YYYYMMDDHHMMSS": {regexp.MustCompile(`^\d{14}$`), "a date and time of fourteen digits"},
	"DTM":            {regexp.MustCompile(`^\d{4}(\d\d(\d\d(\d\d(\d\d(\d\d(\.\d{1,4})?)?)?)?)?)?([+-]\d{4})?$`), "a date, with a time or without"},
	"NM":             {regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)$`), "a number"},
	"digits":         {regexp.MustCompile(`^\d+$`), "digits only"},
	"SSN":            {regexp.MustCompile(`^(\d{9}|\d{3}-\d\d-\d{4})$`), "a social security number of nine digits"},
	"phone":          {regexp.MustCompile(`^\+?[\d ().x-]{7,25}$`), "a telephone number"},
	"email":          {regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`), "an e-mail address"},
	"ZIP":            {regexp.MustCompile(`^\d{5}(-?\d{4})?$`), "a ZIP code of five or nine digits"},
}

func formatNames() []string {
	names := make([]string, 0, len(formats))
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
