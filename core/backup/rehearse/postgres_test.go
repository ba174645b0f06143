package rehearse_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"breakglass/core"
	"breakglass/core/backup/backuptest"
	"breakglass/core/backup/rehearse"
)

// PostgreSQL's dumps are tried out on PostgreSQL, with names and partitions as
// odd as they may be.
func TestPostgresIsProvedToo(t *testing.T) {
	s, err := backuptest.StartPostgres(filepath.Dir(server.Dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.CreateDatabase("pg", "pg", "pw"); err != nil {
		t.Fatal(err)
	}
	_, err = s.As("pg", "pw", "pg", `CREATE TABLE "Odd.""name" (id serial PRIMARY KEY, note text);
INSERT INTO "Odd.""name" (note) VALUES ('a'), (NULL);
CREATE TABLE "Upper" (x int); INSERT INTO "Upper" VALUES (1);
CREATE SCHEMA stock;
CREATE TABLE stock.items (sku text PRIMARY KEY, n int) PARTITION BY HASH (sku);
CREATE TABLE stock.items_0 PARTITION OF stock.items FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE stock.items_1 PARTITION OF stock.items FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO stock.items SELECT 'sku' || i, i FROM generate_series(1, 5000) i;
CREATE FUNCTION twice(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 2 * i; END $$;
CREATE VIEW many AS SELECT count(*) FROM stock.items;`)
	if err != nil {
		t.Fatal(err)
	}
	data := backUp(t, map[string]string{
		"artisan": "#!/usr/bin/env php\n",
		".env":    fmt.Sprintf("DB_CONNECTION=pgsql\nDB_HOST=%s\nDB_PORT=5432\nDB_DATABASE=pg\nDB_USERNAME=pg\nDB_PASSWORD=pw\n", s.Dir),
	})
	found, err := rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(data))
	if err != nil || found.Why != "" || found.Rows != 5003 || found.Tables != 5 || !strings.HasPrefix(found.Server, "PostgreSQL ") {
		t.Errorf("%+v %v", found, err)
	}
	const sequence = `SELECT pg_catalog.setval('"public"."Odd.""name_id_seq"', 2, true);`
	lost := change(t, data, ".sql", sequence, "DELETE FROM stock.items WHERE n = 1;")
	if found, err = rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(lost)); err != nil || found.Why != core.RehearsalRows || !strings.HasPrefix(found.What, "stock.items_") {
		t.Errorf("%+v %v", found, err)
	}
	hostile := change(t, data, ".sql", sequence, "COPY stock.items_0 TO PROGRAM 'true';")
	if found, err = rehearsal(t, t.Context(), rehearse.Options{}, bytes.NewReader(hostile)); err != nil || found.Why != core.RehearsalRefused || !strings.Contains(found.What, "pg_execute_server_program") {
		t.Errorf("%+v %v", found, err)
	}
}
