package rewrite_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"breakglass/core/backup/rewrite"
)

// benchDump is a dump as a blog has it: posts of some kilobytes with a link here
// and there, options and meta values, serialized now and then.
func benchDump(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the of and quick brown fox jumps over lazy dog a website that nobody has looked at for years <p> </p> <a it\\'s \\\"quoted\\\" example text/html 12 7 éclair")
	var out bytes.Buffer
	for out.Len() < size {
		fmt.Fprintf(&out, "INSERT INTO `wp_posts` (`ID`, `post_content`, `guid`) VALUES ")
		for row := range 200 {
			fmt.Fprintf(&out, "(%d,'", row)
			for range 60 + r.IntN(600) {
				out.WriteString(words[r.IntN(len(words))])
				out.WriteByte(' ')
			}
			if r.IntN(3) == 0 {
				out.WriteString("href=\\\"https://old.example/a-post/\\\"\\n")
			}
			fmt.Fprintf(&out, "','https://old.example/?p=%d'),\n", row)
			if row%10 == 0 {
				value := "a:2:{" + str("url") + str(oldURL+"/x") + str("n") + "i:5;}"
				fmt.Fprintf(&out, "(%d,'%s',0x%X),\n", row, strings.ReplaceAll(value, `"`, `\"`), value)
			}
		}
		out.WriteString("(0,'','');\n")
	}
	return out.Bytes()
}

// BenchmarkDump rewrites a dump on one core, and says how that compares to a sed
// which does the plain part of it on the same file. Both are measured in time of
// the processor, as other work on the machine is none of theirs.
func BenchmarkDump(b *testing.B) {
	dump := benchDump(128 << 20)
	file := filepath.Join(b.TempDir(), "dump.sql")
	if err := os.WriteFile(file, dump, 0o600); err != nil {
		b.Fatal(err)
	}
	w := newRewriter(b)
	b.SetBytes(int64(len(dump)))
	var ours, theirs time.Duration
	for b.Loop() {
		start := cpu(b)
		in, err := os.Open(file)
		if err != nil {
			b.Fatal(err)
		}
		report, err := w.Dump(b.Context(), io.Discard, in, rewrite.MySQL)
		if err != nil || report.Total.Values == 0 {
			b.Fatalf("%v %+v", err, report)
		}
		if err := in.Close(); err != nil {
			b.Fatal(err)
		}
		ours += cpu(b) - start
		b.StopTimer()
		sed := exec.Command("sed", "-e", "s,https://old\\.example,https://new.example.org/shop,g", file)
		sed.Env = append(os.Environ(), "LC_ALL=C")
		if err := sed.Run(); err != nil {
			b.Fatal(err)
		}
		theirs += sed.ProcessState.UserTime() + sed.ProcessState.SystemTime()
		b.StartTimer()
	}
	b.ReportMetric(float64(len(dump))*float64(b.N)/1e6/ours.Seconds(), "MB/s-rewriter")
	b.ReportMetric(float64(len(dump))*float64(b.N)/1e6/theirs.Seconds(), "MB/s-sed")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "×sed")
}

// cpu is how much time of the processor this process took.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
