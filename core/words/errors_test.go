package words

import "testing"

// Each sentinel of core has its sentence, so that no owner is ever shown a bare
// error. The list is written out because words stands below core.
func TestEveryErrorHasASentence(t *testing.T) {
	for _, name := range []string{
		"not_found", "exists", "conflict", "denied", "bad_login", "invalid", "state", "wrong_code", "code_dead", "locked",
		"no_contact", "expired", "revoked", "closed", "needs_proof", "busy", "no_space", "site", "database", "cancelled", "unknown",
	} {
		if !Has("error." + name) {
			t.Errorf("error.%s has no text", name)
		}
	}
}
