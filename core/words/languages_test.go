package words

import (
	"path"
	"slices"
	"strings"
	"testing"
	"text/template"
)

// translated lists the files that an owner reads: each other language has all
// of them. The rest, for managers and auditors, falls back to English.
var translated = []string{"archive", "errors", "notify", "owner", "plain", "refusals", "rehearsal", "shell", "takeover", "view"}

func TestLanguages(t *testing.T) {
	if got := strings.Join(Languages(), " "); got != "en nl" {
		t.Errorf("got %s", got)
	}
}

// text is one text in its plural forms.
type forms map[string]string

// byFile reads the entries as language, file, ID, form.
func byFile(t *testing.T) map[string]map[string]map[string]forms {
	t.Helper()
	all := map[string]map[string]map[string]forms{}
	for _, e := range entries(t) {
		lang, file := path.Dir(e.file), strings.TrimSuffix(path.Base(e.file), ".json")
		if all[lang] == nil {
			all[lang] = map[string]map[string]forms{}
		}
		if all[lang][file] == nil {
			all[lang][file] = map[string]forms{}
		}
		if all[lang][file][e.id] == nil {
			all[lang][file][e.id] = forms{}
		}
		all[lang][file][e.id][e.form] = e.text
	}
	return all
}

// Each text that an owner reads is there in each language, in the same file, the
// same plural forms, and with the same values; and no text is there that English
// does not have.
func TestEveryTextIsTranslated(t *testing.T) {
	all := byFile(t)
	for _, lang := range Languages()[1:] {
		for _, file := range translated {
			for id, english := range all["en"][file] {
				other, ok := all[lang][file][id]
				if !ok {
					t.Errorf("%s/%s.json lacks %s", lang, file, id)
					continue
				}
				for form, text := range english {
					if got, want := asked(t, id, other[form]), asked(t, id, text); got != want {
						t.Errorf("%s: %s, %s: asks for %s, the English one for %s", lang, id, form, got, want)
					}
				}
				if len(other) != len(english) {
					t.Errorf("%s: %s: %d plural forms, not %d", lang, id, len(other), len(english))
				}
			}
		}
		for file, texts := range all[lang] {
			for id := range texts {
				if _, ok := all["en"][file][id]; !ok {
					t.Errorf("%s/%s.json: %s is not in the English file", lang, file, id)
				}
			}
		}
	}
}

// asked lists the values that a text asks for, sorted, each once.
func asked(t *testing.T, id, text string) string {
	t.Helper()
	parsed, err := template.New(id).Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	var names []string
	for _, f := range fields(parsed.Root) {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// What has to be typed, and what the program looks for, is the same in every
// language.
func TestTranslationsKeepWhatIsTyped(t *testing.T) {
	all := byFile(t)
	typed := []string{
		"Ctrl+R", "Tab", "ress Enter", "Esc", "PgDn", "PgUp", "README.txt", "MANIFEST.jsonl", "sha256sum", "shasum -a 256", "certutil -hashfile",
		"breakglass verify", "\"Password:\"", "sftp", "scp", "7M2K-Q4XA", "files/", "outside/", "wp-config.php", "SHA-256",
	}
	for _, lang := range Languages()[1:] {
		for file, texts := range all[lang] {
			for id, english := range all["en"][file] {
				for form, text := range english {
					other := texts[id][form]
					for _, word := range typed {
						if other != "" && strings.Contains(text, word) && !strings.Contains(other, strings.TrimPrefix(word, "ress ")) {
							t.Errorf("%s: %s, %s: leaves out %s", lang, id, form, word)
						}
					}
					if strings.Count(text, "\n") != strings.Count(other, "\n") && other != "" {
						t.Errorf("%s: %s, %s: has %d line breaks, not %d", lang, id, form, strings.Count(other, "\n"), strings.Count(text, "\n"))
					}
				}
			}
		}
	}
}
