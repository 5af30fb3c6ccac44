// Package lexicon holds the words that record linkage must know: nicknames, street words and states, embedded.
//
// Its central function is [Related]: whether two given names may be the same person's. The lists hold odd and cross-sex
// pairs (aaron, erin), so a nickname is a level of agreement of its own and never equality. All words are lower case.
//
//	lexicon.Related("william", "bill")  // true
//	lexicon.Street("avenue")            // "ave", true
//	lexicon.State("washington")         // "wa", true
package lexicon
