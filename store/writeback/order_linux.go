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
	return answer(unix.SyncFileRange(int(f.Fd()), at, size, unix.SYNC_FILE_RANGE_WRITE)) //nolint:gosec // a descriptor is small
}

// await waits until a stretch that was begun is written.
func await(f *os.File, at, size int64) (taken bool, err error) {
	return answer(unix.SyncFileRange(int(f.Fd()), at, size, unix.SYNC_FILE_RANGE_WAIT_BEFORE)) //nolint:gosec // a descriptor is small
}

// allocate has the disk give a file blocks, without making it longer: see
// fallocate(2). They read as zeros until they are written.
func allocate(f *os.File, at, size int64) bool {
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, at, size) == nil //nolint:gosec // a descriptor is small
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
