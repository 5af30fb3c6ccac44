// Package similar measures how alike two short strings are: names, dates, numbers.
//
// Its central function is [JaroWinkler], 1 for equal strings and 0 for strangers. [OneEdit] knows the slip of a finger,
// [Diff] shows which characters differ, [Soundex] makes a key for blocking. They work on code points; ASCII is fast and
// allocates nothing.
//
//	similar.JaroWinkler("martha", "marhta") // 0.961
//	similar.OneEdit("1980", "1908")         // true: two neighbours changed places
package similar
