package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sshd runs OpenSSH's server beside the console, for the manager's key, and
// returns its port.
func (h *host) sshd() (port string) {
	h.t.Helper()
	port = freePort(h.t)
	h.key("sshd_key")
	config := fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n",
		port, h.path("sshd_key"), h.path("eva.pub"))
	must(h.t, os.WriteFile(h.path("sshd_config"), []byte(config), 0o600))
	must(h.t, os.MkdirAll("/run/sshd", 0o755))
	server := exec.Command("/usr/sbin/sshd", "-D", "-f", h.path("sshd_config"))
	must(h.t, server.Start())
	h.t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait() // it was killed
	})
	eventually(h.t, "sshd listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return port
}

// fetching is a client that writes a file.
func (h *host) fetching(name, out string, line func() *exec.Cmd) *contender {
	return &contender{
		name:    name,
		prepare: func() error { return os.RemoveAll(out) },
		command: func() *exec.Cmd {
			cmd := line()
			cmd.Dir = h.dir
			cmd.Env = append(os.Environ(), h.askpass()...)
			return cmd
		},
		result: func() string { return out },
	}
}

// BenchmarkDownloads fetches one archive from the console and from OpenSSH, and
// has a backup sent while it is made by both.
func BenchmarkDownloads(b *testing.B) {
	s := openBenchSite(b)
	h := newHost(b, filepath.Dir(s.root))
	h.addSite("shop", s.root)
	terminal := h.enter("shop", 100, 40)
	terminal.openAccess(h, 0)
	terminal.press("Enter")
	_, user, archive := terminal.download()
	port := h.sshd()

	out := filepath.Join(s.out, "fetched")
	sftp := func(args ...string) func() *exec.Cmd {
		return func() *exec.Cmd { return exec.Command("sftp", append(append(h.options(), "-q"), args...)...) }
	}
	stored := h.path("data/archives/" + archive)
	theirs := []string{"-i", h.path("eva"), "-P", port}
	gcm := []string{"-c", "aes128-gcm@openssh.com"}
	race(b, stored,
		h.fetching("sftp from breakglass", out, sftp("-P", h.port, user+"@127.0.0.1:"+archive, out)),
		h.fetching("sftp from OpenSSH", out, sftp(append(theirs, "127.0.0.1:"+stored, out)...)),
		h.fetching("sftp from OpenSSH, aes128-gcm", out, sftp(append(append(gcm, theirs...), "127.0.0.1:"+stored, out)...)),
	)

	remote := s.dump() + fmt.Sprintf("tar -cf - -C %s . -C %s dump.sql | zstd -q -T2 -3", s.root, s.out)
	stream := func(words ...string) func() *exec.Cmd {
		return func() *exec.Cmd {
			line := "ssh " + strings.Join(append(h.options(), words[:len(words)-1]...), " ") + " " + quoted([]string{words[len(words)-1]}) + " > " + out
			return exec.Command("sh", "-ec", line)
		}
	}
	race(b, s.root,
		h.fetching("ssh breakglass backup > FILE", out, stream("-p", h.port, user+"@127.0.0.1", "backup")),
		h.fetching("ssh 'mariadb-dump; tar | zstd'", out, stream("-i", h.path("eva"), "-p", port, "127.0.0.1", "cd "+s.out+"; "+remote)),
		h.fetching("the same, aes128-gcm", out, stream("-c", "aes128-gcm@openssh.com", "-i", h.path("eva"), "-p", port, "127.0.0.1", "cd "+s.out+"; "+remote)),
	)
}
