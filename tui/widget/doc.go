// Package widget is what every screen of the terminal UI is made of: the
// contract between the shell and its screens, one theme, and the few parts that
// several screens share. Nothing in it knows a role or a rule.
//
// Every style comes from the renderer of the person's own session; nothing uses
// a global default of lipgloss or bubbles, which would see the server's
// terminal. Colour is never the only signal: a symbol or a word says the same.
//
// A newcomer starts with [Screen] and [Terminal], then [Theme].
package widget
