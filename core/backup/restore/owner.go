package restore

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"breakglass/core"
	"breakglass/core/safetext"

	"golang.org/x/sys/unix"
)

// owner decides who the files will belong to. The archive does not: the numbers
// in it are those of another machine. Whoever restores as root gets files of the
// owner of the place they go to; anybody else owns what they write.
func (p *place) owner(of string) error {
	p.uid, p.gid = -1, -1
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(of)
	if err != nil {
		return fmt.Errorf("find the owner of %s: %w", of, err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		p.uid, p.gid = int(stat.Uid), int(stat.Gid)
	}
	return nil
}

// belongTo makes the files those of a user, by name or number.
func (p *place) belongTo(name string) error {
	if name == "" {
		return nil
	}
	if os.Geteuid() != 0 {
		return core.Refuse(core.ErrDenied, "Only root can give files to another user; leave --owner out, or run this as root.")
	}
	u, err := user.Lookup(name)
	if err != nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return core.Refuse(core.ErrInvalid, "There is no user “%s” on this machine; give the one that the web server runs the site as.", safetext.Line(name))
	}
	if p.uid, err = strconv.Atoi(u.Uid); err == nil {
		p.gid, err = strconv.Atoi(u.Gid)
	}
	if err != nil {
		return fmt.Errorf("find user %s: %w", name, err)
	}
	return nil
}

// ownerName says who the files will belong to.
func (p place) ownerName() string {
	id := p.uid
	if id < 0 {
		id = os.Geteuid()
	}
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return safetext.Line(u.Username)
	}
	return strconv.Itoa(id)
}

// free returns how many bytes and files a disk has room for, for us.
func free(dir string) (bytes, files int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("measure the disk of %s: %w", dir, err)
	}
	files = int64(s.Ffree)
	if s.Files == 0 { // a file system that has no such bound
		files = 1 << 62
	}
	return int64(s.Bavail) * s.Bsize, files, nil
}
