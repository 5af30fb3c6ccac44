package endpoint

import (
	"encoding/json"
	"strings"
	"time"

	"trestle/internal/mllp"
)

// Result is what became of one message that was sent. It holds no patient data but the control ID and what the partner wrote into
// its reply.
type Result struct {
	Number        int64 // in the run, from 1
	Name          string
	Index         int // in the file, from 0
	Type, Trigger string
	ControlID     string // as sent
	Began         time.Time
	Latency       time.Duration // of the last try
	Attempts      int
	Expected      []mllp.Code // none is AA or CA
	Code          mllp.Code   // of the deciding acknowledgement; none where nothing usable came
	Committed     bool        // a commit acknowledgement came before it
	Text          string      // MSA-3
	Errors        []string    // ERR, each in a few words
	Passed        bool        // it got what was expected
	MaybeTwice    bool        // an earlier try may have arrived, so that the partner may have it twice
	Unsure        bool        // no answer came, and it may have arrived all the same
	Detail        string      // why it did not pass
	Reply         []byte
	Findings      []Finding
}

type resultJSON struct {
	Number     int64     `json:"number"`
	Name       string    `json:"source"`
	Index      int       `json:"index"`
	Type       string    `json:"type"`
	Trigger    string    `json:"trigger"`
	ControlID  string    `json:"controlId"`
	Began      string    `json:"began"`
	LatencyMs  float64   `json:"latencyMs"`
	Attempts   int       `json:"attempts"`
	Expected   string    `json:"expected"`
	Code       mllp.Code `json:"code"`
	Committed  bool      `json:"committed,omitempty"`
	Text       string    `json:"text,omitempty"`
	Errors     []string  `json:"errors,omitempty"`
	Passed     bool      `json:"passed"`
	MaybeTwice bool      `json:"maybeTwice,omitempty"`
	Unsure     bool      `json:"mayHaveArrived,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	Findings   []Finding `json:"findings,omitempty"`
}

// MarshalJSON writes the result without the bytes of the reply.
func (r *Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(resultJSON{
		r.Number, r.Name, r.Index, r.Type, r.Trigger, r.ControlID, at(r.Began), milliseconds(r.Latency), r.Attempts, expectation(r.Expected), r.Code, r.Committed,
		r.Text, r.Errors, r.Passed, r.MaybeTwice, r.Unsure, r.Detail, r.Findings,
	})
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// expectation is the expected codes in words.
func expectation(list []mllp.Code) string {
	if len(list) == 0 {
		return "AA or CA"
	}
	return strings.ReplaceAll(joinCodes(list), ",", " or ")
}

func joinCodes(list []mllp.Code) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = string(c)
	}
	return strings.Join(words, ",")
}

// Summary is a whole run.
type Summary struct {
	Messages   int64            // that were tried
	Passed     int64            // that got what was expected
	Retries    int64            // tries beyond the first
	MaybeTwice int64            // that the partner may have twice
	Unsure     int64            // without an answer, that may have arrived
	Codes      map[string]int64 // acknowledgements by code; "" counts messages without one
	Elapsed    time.Duration
	Rate       float64 // messages a second
	P50        time.Duration
	P95        time.Duration
	P99        time.Duration
	Slowest    time.Duration
}

// Add counts a result.
func (s *Summary) Add(r *Result) {
	if s.Codes == nil {
		s.Codes = map[string]int64{}
	}
	s.Messages++
	if r.Passed {
		s.Passed++
	}
	if r.Attempts > 1 {
		s.Retries += int64(r.Attempts - 1)
	}
	if r.MaybeTwice {
		s.MaybeTwice++
	}
	if r.Unsure {
		s.Unsure++
	}
	s.Codes[string(r.Code)]++
}

func (s *Summary) end(elapsed time.Duration, c *counters) {
	s.Elapsed = elapsed
	if elapsed > 0 {
		s.Rate = float64(s.Messages) / elapsed.Seconds()
	}
	q := c.latency.Quantiles(0.5, 0.95, 0.99)
	s.P50, s.P95, s.P99, s.Slowest = q[0], q[1], q[2], c.latency.Max()
}

// Failed is how many messages did not get what was expected.
func (s *Summary) Failed() int64 { return s.Messages - s.Passed }

// MarshalJSON writes times in milliseconds.
func (s Summary) MarshalJSON() ([]byte, error) {
	codes := make(map[string]int64, len(s.Codes))
	for c, n := range s.Codes {
		if c == "" {
			c = "none"
		}
		codes[c] = n
	}
	return json.Marshal(struct {
		Messages   int64            `json:"messages"`
		Passed     int64            `json:"passed"`
		Failed     int64            `json:"failed"`
		Retries    int64            `json:"retries"`
		MaybeTwice int64            `json:"maybeTwice"`
		Unsure     int64            `json:"mayHaveArrived"`
		Codes      map[string]int64 `json:"codes"`
		ElapsedMs  float64          `json:"elapsedMs"`
		Rate       float64          `json:"messagesPerSecond"`
		P50        float64          `json:"p50Ms"`
		P95        float64          `json:"p95Ms"`
		P99        float64          `json:"p99Ms"`
		Slowest    float64          `json:"slowestMs"`
	}{s.Messages, s.Passed, s.Failed(), s.Retries, s.MaybeTwice, s.Unsure, codes, milliseconds(s.Elapsed), s.Rate, milliseconds(s.P50), milliseconds(s.P95),
		milliseconds(s.P99), milliseconds(s.Slowest)})
}
