package linker

import (
	"fmt"

	"trestle/internal/linkage"
	"trestle/internal/linkage/normal"
	"trestle/internal/linkage/roster"
	"trestle/internal/project"
	"trestle/internal/report/links"
)

// proposed are the fields of a roster by the kind of data that the scope decides on.
var proposed = []struct {
	data  project.DataKind
	roles []roster.Role
}{
	{project.Demographics, []roster.Role{roster.LastName, roster.FirstName, roster.MiddleName, roster.NameSuffix, roster.BirthDate, roster.Sex, roster.SSN,
		roster.Address, roster.AddressMore, roster.City, roster.State, roster.PostalCode, roster.HomePhone, roster.MobilePhone, roster.WorkPhone, roster.Email}},
	{project.Insurance, []roster.Role{roster.Plan, roster.MemberID}},
}

// noProposals says why there are no proposals, "" if there are.
func (m *Model) noProposals() string {
	switch {
	case m.desk().kind == linkage.Plans:
		return "Plans have no demographics."
	case m.project == nil:
		return "The project has no scope yet: it says whose data wins. Take a project file in under Project."
	}
	for _, p := range proposed {
		if f, ok := m.project.Scope.Flow(p.data); ok && f.Record != "" {
			return ""
		}
	}
	return "The project's scope does not say who is the system of record of demographics or insurance."
}

// proposals are the values that differ between linked records, field by field, with the side that the scope says wins. A
// link never implies an update: these are for people. An empty value never wins over one that is there.
func (m *Model) proposals(d *desk, s links.Settled) []links.Proposal {
	rows := [2]map[string]int{{}, {}}
	lists := [2]*roster.Roster{d.patients.Left, d.patients.Right}
	for w, list := range lists {
		for row := range list.Len() {
			rows[w][list.ID(row)] = row
		}
	}
	orders := [2]normal.Order{orderOf(lists[0]), orderOf(lists[1])}
	var all []links.Proposal
	for _, l := range s.Links {
		left, ok := rows[0][l.Left]
		right, there := rows[1][l.Right]
		if !ok || !there {
			continue
		}
		for _, p := range proposed {
			flow, ok := m.project.Scope.Flow(p.data)
			if !ok || flow.Record == "" {
				continue
			}
			from := linkage.Left
			if flow.Record == project.Theirs {
				from = linkage.Right
			}
			rule := fmt.Sprintf("%s: %s is the system of record (%s scope)", p.data, m.name(whichOf(from)), m.project.Scope.Kind)
			for _, role := range p.roles {
				x := links.Proposal{Left: l.Left, Right: l.Right, Field: string(role), LeftValue: lists[0].Value(left, role), RightValue: lists[1].Value(right, role), From: from, Rule: rule}
				if differs(role, x, orders) {
					all = append(all, x)
				}
			}
		}
	}
	return all
}

func differs(role roster.Role, x links.Proposal, orders [2]normal.Order) bool {
	if x.From == linkage.Left && x.LeftValue == "" || x.From == linkage.Right && x.RightValue == "" {
		return false
	}
	return normalForm(role, x.LeftValue, orders[0]) != normalForm(role, x.RightValue, orders[1])
}
