package words

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"breakglass/core/safetext"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed */*.json
var files embed.FS

// source is the language that every text exists in; others fall back to it.
var source = language.English

// refusal begins the IDs of what package core and its engines refuse with. Their
// English stands in the code, as a format of package fmt, where it is read beside
// the rule; a test keeps the catalogue's the same.
const refusal = "refusal."

// Verbatim is text of our own that goes into a text as it is, line breaks and
// length included: a checkpoint, a command to type. Never peer text.
type Verbatim string

// catalogue is the parsed files. It does not change once loaded.
type catalogue struct {
	bundle  *i18n.Bundle
	ids     []string          // of the source language, sorted
	english map[string]string // the IDs of refusals by their English texts
}

// loaded parses the embedded files at first use. They are part of the program
// and a test has read every one of them, so an error cannot happen here; were
// it to, texts would show as their IDs.
var loaded = sync.OnceValue(func() catalogue {
	c, _ := load(files) //nolint:errcheck // see above
	return c
})

// load reads LANG/*.json. What could be read is returned along with an error.
func load(tree fs.FS) (catalogue, error) {
	c := catalogue{bundle: i18n.NewBundle(source), english: map[string]string{}}
	names, err := fs.Glob(tree, "*/*.json")
	if err != nil {
		return c, fmt.Errorf("list words: %w", err)
	}
	var first error
	for _, name := range names {
		if err := c.add(tree, name); err != nil && first == nil {
			first = fmt.Errorf("read words %s: %w", name, err)
		}
	}
	slices.Sort(c.ids)
	return c, first
}

// add reads one file; its folder names its language.
func (c *catalogue) add(tree fs.FS, name string) error {
	data, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	lang, err := language.Parse(path.Dir(name))
	if err != nil {
		return err
	}
	file, err := i18n.ParseMessageFileBytes(data, lang.String()+".json", nil)
	if err != nil {
		return err
	}
	for _, message := range file.Messages {
		if lang == source {
			c.ids = append(c.ids, message.ID)
			if strings.HasPrefix(message.ID, refusal) {
				c.english[message.Other] = message.ID
			}
		}
	}
	return c.bundle.AddMessages(lang, file.Messages...)
}

// Text returns the text with that ID in the language, or in English where the
// language lacks it; an ID that does not exist is returned itself. data fills
// the template; a key that is missing shows as "<no value>"; the key Count, a
// whole number, picks the plural form. Values are made safe: strings, errors,
// fmt.Stringers and elements of a []string pass safetext.Line, numbers and
// bools stay, [Verbatim] goes in as it is, anything else is printed and then
// made safe. It never panics and is safe for concurrent use.
func Text(lang, id string, data map[string]any) string { return loaded().text(lang, id, data) }

// Translated returns what stands for the English format of a refusal in the
// language, and the format itself where there is nothing.
func Translated(lang, english string) string {
	c := loaded()
	id, ok := c.english[english]
	if !ok {
		return english
	}
	return c.text(lang, id, nil)
}

// Has reports whether there is a text with that ID.
func Has(id string) bool {
	_, ok := slices.BinarySearch(loaded().ids, id)
	return ok
}

// Languages lists the languages that there are texts in, English first.
func Languages() []string {
	var others []string
	for _, tag := range loaded().bundle.LanguageTags() {
		if tag != source && !slices.Contains(others, tag.String()) {
			others = append(others, tag.String())
		}
	}
	slices.Sort(others)
	return append([]string{source.String()}, others...)
}

// IDs returns the ID of every text, sorted.
func IDs() []string { return slices.Clone(loaded().ids) }

func (c catalogue) text(lang, id string, data map[string]any) string {
	safe := make(map[string]any, len(data))
	for key, value := range data {
		safe[key] = makeSafe(value)
	}
	order := &i18n.LocalizeConfig{MessageID: id, TemplateData: safe}
	if count := reflect.ValueOf(data["Count"]); count.IsValid() && count.CanInt() {
		order.PluralCount = count.Int()
	}
	// Localize returns a fallback's text together with an error that says so.
	text, err := i18n.NewLocalizer(c.bundle, lang, source.String()).Localize(order)
	if err != nil && text == "" {
		return id
	}
	return text
}

// makeSafe returns a value as a template may have it.
func makeSafe(value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case Verbatim:
		return string(v)
	case []string:
		lines := make([]string, len(v))
		for i, line := range v {
			lines[i] = safetext.Line(line)
		}
		return lines
	case error, fmt.Stringer:
		return safetext.Line(fmt.Sprint(v))
	}
	switch v := reflect.ValueOf(value); {
	case v.Kind() == reflect.Bool, v.CanInt(), v.CanUint(), v.CanFloat():
		return value
	default:
		return safetext.Line(strings.TrimSpace(fmt.Sprint(value)))
	}
}
