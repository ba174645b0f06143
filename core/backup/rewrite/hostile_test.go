package rewrite_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A value that was made to be slow, or deep, costs no more than its size.
func TestHostileValues(t *testing.T) {
	const size = 256 << 10
	fill := func(part string) string { return strings.Repeat(part, size/len(part)) }
	nested := oldURL
	for len(nested) < size/16 {
		nested = str("a:1:{i:0;" + str(nested) + "}")
	}
	w := newRewriter(t)
	for _, text := range []string{
		fill(`a:1:{i:0;`), fill(`a:1:{`), fill(`s:9:"`), fill(`s:99999:"`), fill(`s:1:\"`), fill(`s%3A1%3A%22`), fill(`O:1:"A":1:{`), fill(`C:1:"A":9:{`), fill(`S:3:"\61`),
		fill(`\`), fill(`/`), fill(`\/`), fill(`%2F`), fill(`%25`), fill(`:\`), fill(`[`), fill(`{"a":`), fill(`["s:1:\"a\";",`), fill(`://old.example`), fill(`//old.example/blog`), fill(`/var/www/`),
		fill(`aHR0cHM6Ly9vbGQuZXhhbXBsZS94`), fill("s:3:\"" + oldURL), fill(str(`s:9:"`)), nested, fill("old.example"), fill(`\u00e9`),
	} {
		for _, around := range []string{"%s " + oldURL, oldURL + "|%s", `{"a":"%s ` + oldURL + `"}`, `a:1:{i:0;s:%d:"%s` + oldURL + `";}`} {
			value := fmt.Sprintf(around, text)
			if strings.HasPrefix(around, "a:") {
				value = fmt.Sprintf(around, len(text)+len(oldURL), text)
			}
			start := time.Now()
			w.Value("", []byte(value))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%.20s… in %s: %v", text, around, took)
			} else if testing.Verbose() && took > time.Second {
				t.Logf("%.20s… in %s: %v", text, around, took)
			}
		}
	}
}
