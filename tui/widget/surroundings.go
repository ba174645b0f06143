package widget

import "breakglass/core/view"

// Surroundings are what a screen knows of the place where it is shown.
type Surroundings struct {
	// Host and Port are how the console is reached, for lines to type. "" is not
	// known: the lines name the host HOST.
	Host string
	Port int
	// Lang is the language of the texts; "" is English.
	Lang string
}

// SSH is the line by which a person comes here.
func (s Surroundings) SSH(user string) string {
	if s.Host == "" {
		return view.SSH(user, "HOST", 0)
	}
	return view.SSH(user, s.Host, s.Port)
}
