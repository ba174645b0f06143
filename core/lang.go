package core

import (
	"slices"
	"strings"

	"breakglass/core/safetext"
)

// checkLang refuses a language that there are no texts in; "" is the first one.
func (c *Console) checkLang(lang string) error {
	if lang == "" || c.options.Languages == nil || slices.Contains(c.options.Languages, lang) {
		return nil
	}
	return Refuse(ErrInvalid, "There are no texts in “%s”; there are: %s.", safetext.Line(lang), strings.Join(c.options.Languages, ", "))
}
