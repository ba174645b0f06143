package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkRestore restores the bench's site from its archive, checked to the
// last byte and its rows counted, against the stock tools, which check nothing:
// tar x, then mariadb < dump. What it is for are the ratios.
func BenchmarkRestore(b *testing.B) {
	s := openBenchSite(b)
	file := filepath.Join(s.dir, "restore.tar.gz")
	must(b, errors.Join(os.RemoveAll(file), os.RemoveAll(file+".sha256")))
	b.Cleanup(func() { must(b, errors.Join(os.RemoveAll(file), os.RemoveAll(file+".sha256"))) })
	mustRun(b, s.program, "backup", s.root, "-o", file)
	race(b, file, s.restoring(file), s.restoring(file, "--url", "https://new.example", "--old-url", "https://old.example"), s.untar(file))
}

// emptied prepares an empty database and directory.
func (s *benchSite) emptied(name string) (target string, prepare func() error) {
	target = filepath.Join(s.out, name)
	return target, func() error {
		return errors.Join(os.RemoveAll(target), os.RemoveAll(target+".restore"),
			database.SQL("", "DROP DATABASE IF EXISTS bench_again; CREATE DATABASE bench_again CHARACTER SET utf8mb4; GRANT ALL ON `bench\\_again`.* TO bench_shop@localhost"))
	}
}

// restoring is `breakglass restore`.
func (s *benchSite) restoring(file string, more ...string) *contender {
	target, prepare := s.emptied(fmt.Sprintf("restored-%d", len(more)))
	password := filepath.Join(s.out, "password")
	must(s.b, os.WriteFile(password, []byte("bench"), 0o600))
	name := "breakglass restore"
	if len(more) > 0 {
		name += " --url"
	}
	return &contender{
		name: name, prepare: prepare, result: func() string { return target },
		command: func() *exec.Cmd {
			return exec.Command(s.program, append([]string{"restore", file, "--to", target, "--database", "mysql://bench_shop@/bench_again?socket=" + database.Socket, "--password-file", password}, more...)...)
		},
	}
}

// untar is what the stock tools do.
func (s *benchSite) untar(file string) *contender {
	target, prepare := s.emptied("unpacked")
	return &contender{
		name: "tar x, then mariadb < dump", prepare: prepare, result: func() string { return target },
		command: func() *exec.Cmd {
			return exec.Command("sh", "-ec", fmt.Sprintf("mkdir %[1]s; tar -xzf %[2]s -C %[1]s; cat %[1]s/*/database/%[3]s/*.sql | mariadb %[4]s --binary-mode --max-allowed-packet=1G bench_again",
				target, file, benchDatabase, s.databases))
		},
	}
}
