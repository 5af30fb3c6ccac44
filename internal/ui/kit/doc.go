// Package kit holds the window's own widgets: those that Fyne has none for, or none that stands a million rows.
//
// CodeView shows a screen.Text, GridView a screen.Grid, TreeView a screen.Tree. Each paints only what is visible, into
// one raster in device pixels through one glyph atlas, so that letters are sharp at every scale and no size of data
// slows it down. The rest is small chrome: Palette, Split, Segmented, Strip, EmptyState, RailButton, ToolButton, Badge.
//
// All widgets are used by keyboard alone, show where the focus is, and take their colours from the theme each time
// they paint. They hold no knowledge of messages. Callbacks named On… report what the user did; the matching Set…
// changes the widget without calling back.
//
//	view := kit.NewCodeView()
//	view.SetText(screen.NewBytes(raw, screen.BytesOptions{}))
//	view.OnCursor = func(offset int) { … }
package kit
