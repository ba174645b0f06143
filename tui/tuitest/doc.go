// Package tuitest shows a screen to a test: in fake time, with its commands run
// as the shell runs them, on a terminal that notes what is done to it. It also
// has a log of any length that costs no memory.
//
// A newcomer starts with [On], which shows one screen, or with [Start], which
// runs a whole model with the shell around it.
package tuitest
