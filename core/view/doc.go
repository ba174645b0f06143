// Package view turns what a console knows into what people and machines read:
// rows of tables, sentences, the owner's emergency sheet and JSON. Screens and
// exec commands show the same text because both take it from here.
//
// All functions are pure: no terminal, no clock, no disk. They may be called
// from any goroutine. Every string that a peer or a site had a hand in passes
// package safetext on its way out. Words come from the catalogue, package words.
//
// A newcomer starts with [Table], the shape of every list, and [Sentence],
// which says in one sentence why something was refused.
package view
