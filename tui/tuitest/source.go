package tuitest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Source is the text of all Go files that patterns match, as a test sees them
// from its own package, without the tests: to find which texts of the catalogue
// are asked for. A pattern that matches nothing fails the test.
func Source(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}
