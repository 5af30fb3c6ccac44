// Package inspect is the view of the place Inspect: message list, raw view, form, cards, tree and findings over
// the state in present/inspect. It decides nothing: it draws what the Model says and passes on what the user does.
//
//	v := inspect.New(model, host)
//	window.SetContent(v.Content())
package inspect
