// Package php reads files of PHP without running them.
//
// A newcomer starts with [Scan], which cuts a file into tokens: each says what it
// is, what a text stands for once its escapes are read, and which bytes it takes
// up. Who edits a file (package repoint) works with the tokens themselves. Who
// asks what a value is (package detect) has [Returned] for a file that returns an
// array, [Assigned] for one that sets variables and constants, and [Reader] for
// one that must be read statement by statement. A Reader's [Value] is what an
// expression stands for as far as that can be told: an array of known items may
// hold one that only the running site could tell, and it says on which line.
//
// Nothing here guesses. A function call, a constant, a string that holds a
// variable is [Unknown]; what an if sets in two ways is a [Conflict]. And nothing
// fails: the files are hostile input, so that what ends too early ends there and
// what is no PHP reads as few tokens of no use.
package php
