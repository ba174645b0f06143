package backup

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A few pages that stand in a tree many times: SQLite would make a hundred
// gigabytes of a quarter of a mebibyte, and fill the disk with it.
func TestASnapshotGrowsNoDiskFull(t *testing.T) {
	const page = 65536
	dir := t.TempDir()
	path := filepath.Join(dir, "evil.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=page_size(65536)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB);
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, zeroblob(30000) FROM n`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// All the children of the root become one copy of it, and all of that one's
	// become the first leaf (fileformat2, 1.6).
	root := data[page : 2*page]
	if root[0] != 5 {
		t.Fatalf("the root is of the kind %d", root[0])
	}
	cells := int(binary.BigEndian.Uint16(root[3:]))
	first := binary.BigEndian.Uint32(root[binary.BigEndian.Uint16(root[12:]):])
	data = data[:max(2, int(first))*page]
	data = append(data, bytes.Clone(root)...)
	lead := func(at []byte, child uint32) {
		for i := range cells {
			binary.BigEndian.PutUint32(at[binary.BigEndian.Uint16(at[12+2*i:]):], child)
		}
		binary.BigEndian.PutUint32(at[8:], child)
	}
	lead(data[page:2*page], uint32(len(data)/page)) //nolint:gosec // a few pages
	lead(data[len(data)-page:], first)
	binary.BigEndian.PutUint32(data[28:], uint32(len(data)/page)) //nolint:gosec // a few pages
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "copy.db")
	err = vacuum(t.Context(), path, copied)
	if !errors.Is(err, errGrows) {
		t.Errorf("%d bytes with %d cells: %v", len(data), cells, err)
	}
	if info, err := os.Stat(copied); err == nil && info.Size() > 1<<30 {
		t.Errorf("it was stopped at %d bytes", info.Size())
	}
}
