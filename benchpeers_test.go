package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ours is `breakglass backup`: files and dump beside each other, every file
// hashed, a manifest, durable before it has its name.
func (s *benchSite) ours(format string) *contender {
	file := filepath.Join(s.out, "ours."+format)
	return &contender{
		name: "breakglass " + format,
		prepare: func() error {
			for _, path := range []string{file, file + ".sha256"} {
				if err := os.RemoveAll(path); err != nil {
					return err
				}
			}
			return nil
		},
		command: func() *exec.Cmd { return exec.Command(s.program, "backup", s.root, "-o", file) },
		result:  func() string { return file },
	}
}

// shell is a line of shell that makes a file or directory of a name.
func (s *benchSite) shell(name, prepare, line, result string) *contender {
	path := filepath.Join(s.out, result)
	run := func(line string) *exec.Cmd {
		cmd := exec.Command("sh", "-ec", line)
		cmd.Dir = s.out
		cmd.Env = append(os.Environ(), "RESTIC_PASSWORD=bench", "RESTIC_CACHE_DIR="+filepath.Join(s.out, "cache"),
			"BORG_BASE_DIR="+filepath.Join(s.out, "borg-base"), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes")
		return cmd
	}
	return &contender{
		name: name,
		prepare: func() error {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			out, err := run(prepare).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		},
		command: func() *exec.Cmd { return run(line) },
		result:  func() string { return path },
	}
}

// dump is the line that the recipes begin with.
func (s *benchSite) dump() string {
	return fmt.Sprintf("mariadb-dump %s --single-transaction --quick --routines --events --triggers --hex-blob --no-tablespaces --max-allowed-packet=1G %s > dump.sql; ",
		s.databases, benchDatabase)
}

// tar is the recipe that administrators write down.
func (s *benchSite) tar() *contender {
	return s.shell("mariadb-dump; tar | zstd -T2 -3", ":", s.dump()+fmt.Sprintf("tar -cf - -C %s . -C %s dump.sql | zstd -q -T2 -3 -o tar.tar.zst", s.root, s.out), "tar.tar.zst")
}

// restic writes to a new repository, with its defaults.
func (s *benchSite) restic() *contender {
	return s.shell("mariadb-dump; restic", "restic -q -r restic init", s.dump()+fmt.Sprintf("restic -q -r restic backup %s dump.sql", s.root), "restic")
}

// borg writes to a new repository that is not encrypted.
func (s *benchSite) borg() *contender {
	return s.shell("mariadb-dump; borg zstd,3", "borg init -e none borg", s.dump()+fmt.Sprintf("borg create -C zstd,3 borg::one %s dump.sql", s.root), "borg")
}
