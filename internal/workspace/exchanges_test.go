package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/endpoint"
)

// mixed are exchanges of three endpoints that queries tell apart.
func mixed(n int) []*endpoint.Exchange {
	out := make([]*endpoint.Exchange, n)
	for i := range out {
		e := exchange(i)
		e.Endpoint = fmt.Sprint("endpoint ", i%3)
		e.MRN, e.Account = fmt.Sprintf("mrn%03d", i%17), fmt.Sprintf("Acc%03d", i%13)
		e.Conversation = fmt.Sprint("conversation ", i/4)
		if i%7 == 0 {
			e.Code, e.Outcome = "AE", endpoint.OutcomeError
		}
		if i%11 == 0 {
			e.Rule, e.Sentence = "r1", "The first rule"
		}
		if i%5 == 0 {
			e.Direction, e.Run, e.Expected, e.Passed = endpoint.Outbound, fmt.Sprint("run ", i%2), "AA", e.Code == "AA"
		}
		out[i] = e
	}
	return out
}

// queries with what they must find, said a second time in Go.
var exchangeQueries = []struct {
	q    ExchangeQuery
	want func(e *endpoint.Exchange) bool
}{
	{ExchangeQuery{}, func(e *endpoint.Exchange) bool { return true }},
	{ExchangeQuery{Endpoint: "endpoint 1"}, func(e *endpoint.Exchange) bool { return e.Endpoint == "endpoint 1" }},
	{ExchangeQuery{Endpoint: "nobody"}, func(e *endpoint.Exchange) bool { return false }},
	{ExchangeQuery{Direction: endpoint.Outbound}, func(e *endpoint.Exchange) bool { return e.Direction == endpoint.Outbound }},
	{ExchangeQuery{Code: "AE"}, func(e *endpoint.Exchange) bool { return e.Code == "AE" }},
	{ExchangeQuery{Code: "AE", Endpoint: "endpoint 2"}, func(e *endpoint.Exchange) bool { return e.Code == "AE" && e.Endpoint == "endpoint 2" }},
	{ExchangeQuery{Failed: true}, exchangeFailed},
	{ExchangeQuery{Failed: true, Code: "AE", Endpoint: "endpoint 0"}, func(e *endpoint.Exchange) bool { return exchangeFailed(e) && e.Endpoint == "endpoint 0" }},
	{ExchangeQuery{Rule: "r1"}, func(e *endpoint.Exchange) bool { return e.Rule == "r1" }},
	{ExchangeQuery{Rule: "r1", Failed: true}, func(e *endpoint.Exchange) bool { return e.Rule == "r1" && exchangeFailed(e) }},
	{ExchangeQuery{Run: "run 1"}, func(e *endpoint.Exchange) bool { return e.Run == "run 1" }},
	{ExchangeQuery{Run: "run 0", Endpoint: "endpoint 1"}, func(e *endpoint.Exchange) bool { return e.Run == "run 0" && e.Endpoint == "endpoint 1" }},
	{ExchangeQuery{MRN: "MRN003"}, func(e *endpoint.Exchange) bool { return e.MRN == "mrn003" }},
	{ExchangeQuery{MRN: "mrn00*", Endpoint: "endpoint 1"}, func(e *endpoint.Exchange) bool {
		return strings.HasPrefix(e.MRN, "mrn00") && e.Endpoint == "endpoint 1"
	}},
	{ExchangeQuery{Account: "acc01*", Run: "run 0"}, func(e *endpoint.Exchange) bool { return strings.HasPrefix(e.Account, "Acc01") && e.Run == "run 0" }},
	{ExchangeQuery{ControlID: "msg0000012"}, func(e *endpoint.Exchange) bool { return e.ControlID == "MSG0000012" }},
	{ExchangeQuery{Conversation: "conversation 9"}, func(e *endpoint.Exchange) bool { return e.Conversation == "conversation 9" }},
	{ExchangeQuery{Type: "adt", Trigger: "A08"}, func(e *endpoint.Exchange) bool { return e.Type == "ADT" && e.Trigger == "A08" }},
	{ExchangeQuery{Text: "number 33 IN the"}, func(e *endpoint.Exchange) bool { return strings.Contains(string(e.Request), "number 33 in the") }},
	{ExchangeQuery{Path: "MSH-10:ack0000044"}, func(e *endpoint.Exchange) bool { return strings.Contains(string(e.Reply), "ACK0000044") }},
	{ExchangeQuery{Path: "MSA-1:AA\nMSH-9.2:a08", Endpoint: "endpoint 1"}, func(e *endpoint.Exchange) bool { return e.Endpoint == "endpoint 1" && e.Trigger == "A08" }},
	{ExchangeQuery{Path: "NTE-3:an INVENTED*"}, func(e *endpoint.Exchange) bool { return strings.Contains(string(e.Request), "|an invented") }},
	{ExchangeQuery{Text: "ack0000044"}, func(e *endpoint.Exchange) bool { return strings.Contains(string(e.Reply), "ACK0000044") }},
}

// Every query finds what it should, in pages in both orders, and counts it.
func TestExchangeQueries(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	all := mixed(300)
	appendAll(t, j, all...)
	for _, c := range exchangeQueries {
		var want []int64
		for _, e := range all {
			if c.want(e) {
				want = append(want, e.ID)
			}
		}
		if len(want) == 0 && c.q.Endpoint != "nobody" {
			t.Errorf("%+v proves nothing", c.q)
		}
		for _, oldest := range []bool{true, false} {
			var got []int64
			for page := (ExchangePage{Limit: 7, Oldest: oldest}); ; page.After = got[len(got)-1] {
				list, err := w.Exchanges(ctx, c.q, page)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range list {
					got = append(got, e.ID)
				}
				if len(list) < page.Limit {
					break
				}
			}
			if !oldest {
				slices.Reverse(got)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v, oldest first %v: %v, want %v", c.q, oldest, got, want)
			}
		}
		if n, err := w.CountExchanges(ctx, c.q); n != int64(len(want)) || err != nil {
			t.Errorf("%+v: counted %d, want %d, %v", c.q, n, len(want), err)
		}
	}
}

// A time window is found whatever is missing in between.
func TestExchangeWindow(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	begin := time.Now()
	appendAll(t, j, mixed(100)...)
	middle := time.UnixMicro(time.Now().UnixMicro() + 1)
	for time.Now().Before(middle) {
	}
	appendAll(t, j, mixed(50)...)
	if _, err := w.write.Exec("DELETE FROM exchanges WHERE id%3=0 AND id NOT BETWEEN 90 AND 110"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q    ExchangeQuery
		want string
	}{
		{ExchangeQuery{From: middle}, "id>100"},
		{ExchangeQuery{To: middle}, "id<=100"},
		{ExchangeQuery{From: begin, To: middle}, "id<=100"},
		{ExchangeQuery{From: time.Now()}, "false"},
		{ExchangeQuery{To: begin.Add(-time.Second)}, "false"},
	} {
		var want int64
		if err := w.read.QueryRow("SELECT count(*) FROM exchanges WHERE " + c.want).Scan(&want); err != nil {
			t.Fatal(err)
		}
		if n, err := w.CountExchanges(ctx, c.q); n != want || err != nil {
			t.Errorf("%s: %d, want %d, %v", c.want, n, want, err)
		}
	}
}

// However long the journal is, the first page is read from an index, and in its order.
func TestExchangePlans(t *testing.T) {
	ctx := context.Background()
	w, j := journalWorkspace(t)
	appendAll(t, j, mixed(30)...)
	for _, c := range exchangeQueries {
		plans, err := w.plans(ctx, c.q)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range plans {
			q, args := p.listing(ExchangePage{Limit: 50, After: 20})
			rows, err := w.read.Query("EXPLAIN QUERY PLAN "+q, args...)
			if err != nil {
				t.Fatal(err)
			}
			var steps []string
			scanned := false
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					t.Fatal(err)
				}
				steps = append(steps, step)
				scanned = scanned || step == "SCAN e" || strings.HasPrefix(step, "SCAN e ")
			}
			rows.Close()
			all := strings.Join(steps, "; ")
			prefix := strings.Contains(c.q.MRN+c.q.Account, "*") // many values, so they must be sorted
			if scanned || !strings.HasPrefix(all, "SEARCH e USING ") || strings.Contains(all, "TEMP B-TREE") && !prefix {
				t.Errorf("%+v: %s", c.q, all)
			}
		}
	}
}
