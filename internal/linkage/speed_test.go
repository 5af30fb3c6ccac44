package linkage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"trestle/internal/linkage/roster"
)

var inventedColumns = []roster.Column{{Name: "id"}, {Name: "last name"}, {Name: "first name"}, {Name: "dob"}, {Name: "sex"}, {Name: "ssn"},
	{Name: "address"}, {Name: "city"}, {Name: "zip"}, {Name: "home phone"}, {Name: "mobile"}}

// invented makes two rosters: n rows, and m rows of which the first n are the same persons, one in ten with a slip. Names
// are syllables; some are as common as names are (Zipf), and there are a thousand postal codes.
func invented(n, m int) (left, right *roster.Roster) {
	random := rand.New(rand.NewPCG(1, 2))
	syllables := []string{"ba", "ke", "lin", "mor", "ta", "vi", "son", "ra", "del", "qui", "fer", "no", "wal", "tes", "gu", "ham", "il", "jo", "pre", "zan"}
	name := func(parts int) string {
		s := ""
		for range parts {
			s += syllables[random.IntN(len(syllables))]
		}
		return s
	}
	pool := func(size, parts int) func() string {
		names := make([]string, size)
		for i := range names {
			names[i] = name(parts)
		}
		common := rand.NewZipf(random, 1.1, 20, uint64(size-1))
		return func() string { return names[common.Uint64()] }
	}
	given, family, streets, cities := pool(2_000, 3), pool(30_000, 4), pool(5_000, 3), pool(300, 2)
	digits := func(n int) string { return fmt.Sprintf("%0*d", n, random.Int64N(pow10(n))) }
	var a, b [][]string
	for i := range m {
		row := []string{fmt.Sprint("R", i), family(), given(), fmt.Sprintf("%d%02d%02d", 1930+random.IntN(90), 1+random.IntN(12), 1+random.IntN(28)),
			[]string{"M", "F"}[random.IntN(2)], "9" + digits(8), digits(4) + " " + streets() + " st", cities(), "9" + digits(3) + "1", "2" + digits(9), "3" + digits(9)}
		b = append(b, row)
		if i < n {
			left := append([]string{fmt.Sprint("L", i)}, row[1:]...)
			if i%10 == 0 {
				left[2] = left[2][:len(left[2])-1] + "x"
			}
			a = append(a, left)
		}
	}
	return roster.New("left", inventedColumns, a), roster.New("right", inventedColumns, b)
}

func pow10(n int) int64 {
	v := int64(1)
	for range n {
		v *= 10
	}
	return v
}

func BenchmarkRun(b *testing.B) {
	for _, size := range [][2]int{{10_000, 10_000}, {100_000, 1_000_000}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			if size[1] > 100_000 && testing.Short() {
				b.Skip("the large one needs gigabytes and many seconds")
			}
			left, right := invented(size[0], size[1])
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				r, err := Run(context.Background(), left, right, Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(r.Summary.Automatic)/float64(size[0]), "automatic/left")
				b.ReportMetric(float64(r.Summary.Compared), "pairs")
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.Sys)/(1<<20), "MB-system")
		})
	}
}

func TestCancelEndsARun(t *testing.T) {
	left, right := invented(2000, 5000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, left, right, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Run(ctx, left, right, Options{}); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
