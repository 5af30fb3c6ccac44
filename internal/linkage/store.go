package linkage

import (
	"context"
	"iter"
	"time"
)

// Kind says what a roster lists and a decision is about.
type Kind string

// The kinds of rosters.
const (
	Patients Kind = "patients"
	Plans    Kind = "plans"
)

// Side is one of the two systems.
type Side string

// The sides. Left is usually the system that is being connected, Right the partner's.
const (
	Left  Side = "left"
	Right Side = "right"
)

// StoredRoster is what is known of one imported roster beside its rows.
type StoredRoster struct {
	ID       int64 // given by the store
	Kind     Kind
	Side     Side
	Name     string // of the file, without its folder
	Hash     string // SHA-256 of the file, hexadecimal; empty for [StoredRoster.Skipped]
	Spec     string // the columns' roles as YAML, as confirmed by the user
	Columns  []string
	Rows     int
	Imported time.Time
	By       string
	// Skipped is the recorded reason why there is no roster: "no existing data on our side".
	Skipped string
}

// StoredRow is one row, as it came.
type StoredRow struct {
	ID    string   // of the record in its system
	Hash  string   // of the content: the same after a re-import of the same content
	Line  int      // 1-based, in the file
	Cells []string // one for each of the roster's columns
	Bad   string   // why the row was set aside; empty for a good one
}

// StoredRun is one run of the engine over two rosters.
type StoredRun struct {
	ID                      int64 // given by the store
	Kind                    Kind
	LeftRoster, RightRoster int64
	Seed                    uint64
	Model                   string // [ModelVersion] at the time
	At                      time.Time
	By                      string
	Summary                 []byte // JSON of [Summary]
}

// Candidate is one pair of a run, and the pair that a [Decision] is about: identifiers and content hashes, no cells.
type Candidate struct {
	Left, Right         string // identifiers; for plans Right may be empty: create new
	LeftHash, RightHash string
	Probability         float64
	Bits                float64 // log2 of the odds without the prior
	Band                Band
	Gates               []string // names of the gates that stopped an automatic link
	Pattern             string   // the reason pattern: pairs with the same one differ only in values
}

// Action is what a person decided.
type Action string

// The actions. Undo takes the decision named in [Decision.Undoes] back; nothing is ever deleted.
const (
	ActSame      Action = "same"
	ActDifferent Action = "different"
	ActUnsure    Action = "unsure"
	ActCreateNew Action = "create new" // Left has no counterpart
	ActSkip      Action = "skip"
	ActUndo      Action = "undo"
	ActDuplicate Action = "duplicate" // Left and Right are records of one system, and one person
)

// Decision is one line of the append-only ledger. The workspace chains the lines by hash.
type Decision struct {
	Seq    int64 // given by the store, from 1, without gaps
	At     time.Time
	Who    string
	Kind   Kind
	Action Action
	Candidate
	Side   Side      // for [ActDuplicate]: the system of both records
	Model  string    // [ModelVersion]
	Files  [2]string // SHA-256 of both files
	Note   string
	Undoes int64 // the Seq that [ActUndo] takes back
	// Bulk joins the decisions that were made together over one reason pattern; 0 is none.
	Bulk int64
	// Many says that Left or Right may have several links, by explicit choice; for plans only.
	Many bool
}

// Sample is one pair of the blind second review of automatic links.
type Sample struct {
	ID     int64 // given by the store
	Run    int64
	Pair   Candidate
	Answer Action // empty until reviewed; [ActSame], [ActDifferent] or [ActUnsure]
	Who    string
	At     time.Time
}

// Alias is a name that a decision taught: From is to be read as To from now on.
type Alias struct {
	ID       int64 // given by the store
	Kind     Kind
	From, To string
	Decision int64 // the Seq that taught it; taking that back withdraws the alias
	Who      string
	At       time.Time
}

// Store is what the linkage asks of the workspace. Every method but the readers is one transaction: all or nothing.
// Decisions are only ever appended.
type Store interface {
	// SaveRoster stores a roster with its rows and returns its ID. An older roster of the same kind and side stays.
	SaveRoster(ctx context.Context, r StoredRoster, rows iter.Seq[StoredRow]) (int64, error)
	// Rosters lists what was imported, oldest first.
	Rosters(ctx context.Context, kind Kind) ([]StoredRoster, error)
	// Rows yields the rows of a roster in the order of the file.
	Rows(ctx context.Context, roster int64) iter.Seq2[StoredRow, error]

	// SaveRun stores a run with its candidates and returns its ID.
	SaveRun(ctx context.Context, r StoredRun, candidates iter.Seq[Candidate]) (int64, error)
	// Runs lists the runs, oldest first.
	Runs(ctx context.Context, kind Kind) ([]StoredRun, error)
	// Candidates yields the pairs of a run in their stored order.
	Candidates(ctx context.Context, run int64) iter.Seq2[Candidate, error]

	// Append adds decisions to the ledger and returns the Seq of the first.
	Append(ctx context.Context, d ...Decision) (int64, error)
	// Decisions yields the ledger's lines with a Seq above after, in order.
	Decisions(ctx context.Context, kind Kind, after int64) iter.Seq2[Decision, error]

	// SaveSamples stores the drawn sample of a run, or replaces the answers of samples that have an ID.
	SaveSamples(ctx context.Context, s []Sample) ([]Sample, error)
	// Samples returns the sample of a run.
	Samples(ctx context.Context, run int64) ([]Sample, error)

	// SaveAlias adds an alias and returns its ID.
	SaveAlias(ctx context.Context, a Alias) (int64, error)
	// Aliases returns the aliases whose decision was not taken back.
	Aliases(ctx context.Context, kind Kind) ([]Alias, error)
}

// Summary is the result of a run in figures, without any patient's data: summary.json and the workspace keep it.
type Summary struct {
	Model         string         `json:"model"`
	Seed          uint64         `json:"seed"`
	LeftRows      int            `json:"left_rows"`
	RightRows     int            `json:"right_rows"`
	LeftHash      string         `json:"left_sha256"`
	RightHash     string         `json:"right_sha256"`
	Compared      int64          `json:"pairs_compared"`
	Automatic     int            `json:"automatic"`
	Review        int            `json:"review"`
	Blocked       int            `json:"blocked"`
	Duplicates    map[Side]int   `json:"duplicate_pairs"`
	Overlays      int            `json:"overlays"`
	Gates         map[string]int `json:"gates"`
	ExpectedFalse float64        `json:"expected_false_links"`
	Blocking      float64        `json:"estimated_blocking_recall"`
	AutomaticOff  string         `json:"automatic_off,omitempty"` // why the training was not trusted
	Notes         []string       `json:"notes,omitempty"`
}
