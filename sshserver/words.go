package sshserver

import "breakglass/core/words"

// lang is the language of what this package itself says: it speaks to peers
// before any site's language is known.
const lang = "en"

// text looks up "ssh.<id>".
func text(id string, data map[string]any) string { return words.Text(lang, "ssh."+id, data) }
