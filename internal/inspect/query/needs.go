package query

// NeedsSummary says whether the query asks for anything of a message's summary. Where it does not, the subject's may be
// left empty, which spares most of the time that a simple question of a large file takes.
func (q *Query) NeedsSummary() bool { return q.root != nil && needsSummary(q.root) }

func needsSummary(n node) bool {
	switch n := n.(type) {
	case both:
		return anyNeeds(n)
	case either:
		return anyNeeds(n)
	case negation:
		return needsSummary(n.node)
	case *comparison:
		return n.left.field != nil && n.left.field.Name != "size" && n.left.field.Name != "source" && n.left.field.Name != "tag"
	case words, found:
		return false
	}
	return true
}

// OnlyFindings says whether the query asks for nothing but what is wrong with a message: whoever knows that need not read it.
func (q *Query) OnlyFindings() bool { return q.root != nil && onlyFindings(q.root) }

func onlyFindings(n node) bool {
	switch n := n.(type) {
	case both:
		return allOnlyFindings(n)
	case either:
		return allOnlyFindings(n)
	case negation:
		return onlyFindings(n.node)
	case found:
		return true
	}
	return false
}

func allOnlyFindings(all []node) bool {
	for _, n := range all {
		if !onlyFindings(n) {
			return false
		}
	}
	return true
}

func anyNeeds(all []node) bool {
	for _, n := range all {
		if needsSummary(n) {
			return true
		}
	}
	return false
}
