// Package linker is the place Link: a thin view over present/linker. [View] sets the rosters, the review and the gates side
// by side under one bar, hands keys and clicks to the model and redraws what the model says has changed.
//
//	view := linker.New(model, host)
package linker
