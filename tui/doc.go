// Package tui is the terminal UI: the shell around every screen, and the choice
// of the screen by the role of whoever came in. What a role sees lives in the
// packages beside it; what they share in package widget.
//
// The package knows no SSH. The SSH server hands it a terminal and a proved
// actor, and runs the tea.Model that [New] returns.
package tui
