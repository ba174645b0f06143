// Package words is the catalogue of everything that a person reads: screens,
// messages, errors, the README inside an archive. A text is asked for by its
// ID and a language; a second language is one more folder of files beside en/.
//
// A file is a flat JSON object from ID to text. IDs are ASCII, dotted and lower
// case ("owner.welcome.title"), texts are text/template, and where a number
// decides the wording the value is an object of CLDR plural forms:
//
//	"owner.files": {"one": "{{.Count}} file", "other": "{{.Count}} files"}
//
// Whatever goes into a text may have come from a peer. So [Text] makes every
// value safe with safetext before the template sees it; text of our own that
// must keep its line breaks is marked [Verbatim], which is the one thing to
// look for in a review.
package words
