// Package mapper is the place Map of the window: a thin view over present/mapper.
//
// View is the place. Further parts of it, such as runs and papers, are Tabs:
//
//	v := mapper.New(model, host)
//	v.AddTab(mapper.Tab{Title: "Coverage", Content: pane, Redraw: pane.redraw})
package mapper
