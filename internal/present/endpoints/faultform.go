package endpoints

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"trestle/internal/endpoint/rules"
)

// fault reads the form of a fault.
func (x FaultForm) fault() (rules.Fault, error) {
	infos := faultsOf(x.HTTP)
	info := infos[min(max(x.Kind, 0), len(infos)-1)]
	f := rules.Fault{Kind: info.Kind}
	if x.base.Kind == info.Kind {
		f.First = x.base.First
	}
	argument := strings.TrimSpace(x.Argument)
	switch {
	case argument == "":
	case info.Argument == rules.TimeArgument:
		if err := readSpan(argument, &f); err != nil {
			return f, err
		}
	case info.Argument == rules.CountArgument:
		n, err := strconv.Atoi(argument)
		if err != nil || n < 1 {
			return f, fmt.Errorf("%s takes a number, such as 3", strings.ToLower(info.Title))
		}
		f.Count = n
	case info.Argument == rules.ValueArgument:
		f.Value = argument
	}
	if every := strings.TrimSpace(x.Every); every != "" {
		n, err := strconv.Atoi(strings.TrimSuffix(every, "."))
		if err != nil || n < 1 {
			return f, fmt.Errorf("every takes a number, such as 10 for every tenth")
		}
		f.Every = n
	}
	if x.Chance != "" {
		chance, err := readShare(x.Chance)
		if err != nil {
			return f, err
		}
		f.Chance = chance
	}
	return f, nil
}

// readShare reads a share in per cent, above 0 and below 100.
func readShare(text string) (float64, error) {
	text = strings.TrimSuffix(strings.TrimSpace(strings.ReplaceAll(text, ",", ".")), "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || n <= 0 || n >= 100 {
		return 0, fmt.Errorf("write a share above 0 and below 100 per cent; without it, it is always")
	}
	return n / 100, nil
}

// readSpan reads a time with its spread, as [rules.Fault.Span] writes it: 2 s, 200 ms to 2 s, or 300 ms, spread 0.5.
func readSpan(text string, f *rules.Fault) (err error) {
	from, to, between := strings.Cut(text, " to ")
	median, sigma, spread := strings.Cut(text, ", spread ")
	switch {
	case between:
		if f.To, err = readTime(to); err != nil {
			return err
		}
		if f.Time, err = readTime(from); err == nil && f.To <= f.Time {
			err = fmt.Errorf("the second time must be the longer one, as in 200 ms to 2 s")
		}
		return err
	case spread:
		if f.Sigma, err = strconv.ParseFloat(strings.TrimSpace(sigma), 64); err != nil || !(f.Sigma > 0 && f.Sigma <= 3) {
			return fmt.Errorf("a spread lies above 0 and not above 3, as in 300 ms, spread 0.5")
		}
		text = median
	}
	f.Time, err = readTime(text)
	return err
}

// readTime reads a duration as people write it: 2 s, 500 ms, 2m, or a number of seconds.
func readTime(text string) (time.Duration, error) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), ",", ".")
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		text = strconv.FormatFloat(n, 'f', -1, 64) + "s"
	}
	d, err := time.ParseDuration(strings.Replace(text, "min", "m", 1))
	if err != nil || d < 0 {
		return 0, fmt.Errorf("write a time such as 2 s or 500 ms")
	}
	return d, nil
}

// FaultForm is the form of a fault of the whole endpoint.
func (m *Model) FaultForm(row int) (form FaultForm, info rules.FaultInfo) {
	infos := m.faults()
	if row < 0 || row >= len(infos) {
		return form, info
	}
	info = infos[row]
	f, _ := m.fault(info.Kind)
	return faultForm(row, f, m.current().kind.FHIR()), info
}

// PutFault changes a fault of the whole endpoint and switches it on.
func (m *Model) PutFault(form FaultForm) error {
	f, err := form.fault()
	if err != nil {
		return err
	}
	m.putFault(f)
	return nil
}
