package writeback

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// begin has the disk write a stretch. It waits for nothing but room in the
// disk's queue: see sync_file_range(2).
func begin(f *os.File, at, size int64) (taken bool, err error) {
	return answer(onDisk(f, func(fd int) error { return unix.SyncFileRange(fd, at, size, unix.SYNC_FILE_RANGE_WRITE) }))
}

// await waits until a stretch that was begun is written.
func await(f *os.File, at, size int64) (taken bool, err error) {
	return answer(onDisk(f, func(fd int) error { return unix.SyncFileRange(fd, at, size, unix.SYNC_FILE_RANGE_WAIT_BEFORE) }))
}

// allocate has the disk give a file blocks, without making it longer: see
// fallocate(2). They read as zeros until they are written.
func allocate(f *os.File, at, size int64) bool {
	return onDisk(f, func(fd int) error { return unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, at, size) }) == nil
}

// onDisk gives an order with a file's descriptor, which a Close meanwhile leaves
// open for as long: another file could have its number by then. The runtime's own
// signals may interrupt an order on some disks.
func onDisk(f *os.File, order func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	give := func(fd uintptr) {
		for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
			err = order(int(fd)) //nolint:gosec // a descriptor is small
		}
	}
	if closed := raw.Control(give); closed != nil {
		return closed
	}
	return err
}

// answer tells a disk that failed, whose error Sync would not tell again, from a
// file system that knows no such order.
func answer(err error) (taken bool, failed error) {
	for _, disk := range []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, disk) {
			return true, err
		}
	}
	return err == nil, nil
}
