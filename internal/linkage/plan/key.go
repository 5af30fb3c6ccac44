package plan

// Key says which of several columns was taken for the plan ID. Systems have several at once, such as Plan.ID,
// Company.ID and an extension; which one messages will carry is asked and recorded.
type Key struct {
	Column     string   `json:"column"`
	ChosenBy   string   `json:"chosen_by"` // "specification" or "guess"
	Candidates []string `json:"candidates"`
}
