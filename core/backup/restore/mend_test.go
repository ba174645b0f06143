package restore

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"breakglass/core/backup"
)

// newMend returns a mender for a server that knows some collations.
func newMend(mysql bool, collations ...string) (*dumpMend, *bytes.Buffer) {
	var out bytes.Buffer
	s := &mysqlServer{product: "MariaDB", known: known(collations...)}
	if mysql {
		s.product = "MySQL"
	}
	m, _ := s.mend(&out).(*dumpMend)
	return m, &out
}

func known(names ...string) collations {
	k := collations{charsets: map[string]bool{}, names: map[string]bool{}}
	for _, name := range names {
		charset, _, _ := strings.Cut(name, "_")
		k.names[name], k.charsets[charset] = true, true
	}
	return k
}

const (
	ofMaria = "utf8mb4_unicode_520_ci utf8mb4_bin utf8mb3_general_ci utf8mb4_general_ci latin1_swedish_ci"
	ofMySQL = "utf8mb4_0900_ai_ci utf8mb4_0900_as_cs utf8mb4_bin utf8mb4_unicode_520_ci utf8mb3_general_ci"
)

// What another flavour or version of server needs is changed, and nothing else:
// not in values, not in comments, not in names.
func TestMend(t *testing.T) {
	for name, c := range map[string]struct {
		mysql     bool
		in, out   string
		noteHolds string
	}{
		"definer of a view": {false,
			"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`ro``ot`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 'DEFINER=`x`@`y`' AS `DEFINER=` */;\n",
			"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013  SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 'DEFINER=`x`@`y`' AS `DEFINER=` */;\n", "1 views"},
		"definer of a routine": {false,
			"DELIMITER ;;\nCREATE DEFINER=`a`@`localhost` PROCEDURE `p`() BEGIN -- DEFINER=`a`@`b`\n SELECT 1; END ;;\nDELIMITER ;\n",
			"DELIMITER ;;\nCREATE  PROCEDURE `p`() BEGIN -- DEFINER=`a`@`b`\n SELECT 1; END ;;\nDELIMITER ;\n", "1 views"},
		"collations of MySQL 8": {false,
			"CREATE TABLE `t` (\n  `a` text CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs COMMENT 'COLLATE utf8mb4_0900_ai_ci'\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;\n",
			"CREATE TABLE `t` (\n  `a` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'COLLATE utf8mb4_0900_ai_ci'\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;\n",
			"utf8mb4_0900_ai_ci became utf8mb4_unicode_520_ci"},
		"collations of MariaDB 11": {true,
			"/*!50003 SET collation_connection  = utf8mb4_uca1400_ai_ci */ ;\n", "/*!50003 SET collation_connection  = utf8mb4_0900_ai_ci */ ;\n", "utf8mb4_uca1400_ai_ci became"},
		"an older name": {false, "CREATE TABLE `t` (a int) COLLATE=utf8_general_ci;\n", "CREATE TABLE `t` (a int) COLLATE=utf8mb3_general_ci;\n", ""},
		"sandbox line":  {true, "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump\nSET NAMES utf8mb4;\n", "-- MariaDB dump\nSET NAMES utf8mb4;\n", ""},
		"modes": {true,
			"/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER' */ ;\n", "/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES' */ ;\n", "NO_AUTO_CREATE_USER"},
		"modes stay": {false,
			"/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER' */ ;\n", "/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER' */ ;\n", ""},
		"engine": {true, "CREATE TABLE `t` (a int) ENGINE=Aria DEFAULT CHARSET=utf8mb4 PAGE_CHECKSUM=1 COMMENT='ENGINE=Aria';\n",
			"CREATE TABLE `t` (a int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4  COMMENT='ENGINE=Aria';\n", "InnoDB"},
		"rows": {true, "INSERT INTO `t` (`a`) VALUES ('DEFINER=`a`@`b` COLLATE utf8mb4_uca1400_ai_ci; /*M!999999\\\\- '),\n(x);\n",
			"INSERT INTO `t` (`a`) VALUES ('DEFINER=`a`@`b` COLLATE utf8mb4_uca1400_ai_ci; /*M!999999\\\\- '),\n(x);\n", ""},
		"generated columns": {true,
			"CREATE TABLE `t` (\n  `b` int GENERATED ALWAYS AS (`a` + 1) STORED,\n  `a` int COMMENT ' GENERATED ALWAYS AS (x)',\n  `c` int(11) GENERATED ALWAYS AS (`a`) VIRTUAL\n);\n" +
				"INSERT INTO `t` (`b`, `a`, `c`) VALUES (2,1,'a\\'),(b'),\n(f(1,2),-3,0x28);\nINSERT INTO `u` (`b`, `a`) VALUES (1,2);\n",
			"CREATE TABLE `t` (\n  `b` int GENERATED ALWAYS AS (`a` + 1) STORED,\n  `a` int COMMENT ' GENERATED ALWAYS AS (x)',\n  `c` int(11) GENERATED ALWAYS AS (`a`) VIRTUAL\n);\n" +
				"INSERT INTO `t` ( `a`) VALUES (1),\n(-3);\nINSERT INTO `u` (`b`, `a`) VALUES (1,2);\n", "`t`"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 7, len(c.in)} {
				names := ofMaria
				if c.mysql {
					names = ofMySQL
				}
				m, out := newMend(c.mysql, strings.Fields(names)...)
				for piece := range slices.Chunk([]byte(c.in), size) {
					if _, err := m.Write(piece); err != nil {
						t.Fatal(err)
					}
				}
				if err := m.Flush(); err != nil {
					t.Fatal(err)
				}
				if out.String() != c.out {
					t.Errorf("in pieces of %d:\n%s\nwant\n%s", size, out, c.out)
				}
				if notes := strings.Join(m.Notes(), " "); !strings.Contains(notes, c.noteHolds) || c.noteHolds == "" && notes != "" {
					t.Errorf("notes: %s", notes)
				}
			}
		})
	}
}

// However a dump is cut, it is mended the same way; and one that needs nothing
// comes out as it went in.
func FuzzMend(f *testing.F) {
	f.Add("INSERT INTO `t` (`a`) VALUES ('a\\'b'),(2);\n", 3)
	f.Add("CREATE DEFINER=`a`@`b` VIEW x; CREATE TABLE `t` (\n  `b` int GENERATED ALWAYS AS (1) STORED\n);INSERT INTO `t` (`b`) VALUES (1);", 1)
	f.Fuzz(func(t *testing.T, dump string, size int) {
		if size < 1 || len(dump) == 0 {
			return
		}
		mend := func(size int) string {
			m, out := newMend(true, strings.Fields(ofMySQL)...)
			for piece := range slices.Chunk([]byte(dump), size) {
				if _, err := m.Write(piece); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.Flush(); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
		whole := mend(len(dump))
		if pieces := mend(size); pieces != whole {
			t.Fatalf("whole %q, in pieces of %d %q", whole, size, pieces)
		}
		lower := strings.ToLower(dump)
		for _, word := range []string{"definer", "coll", "char", "names", "mode", "engine", "generated", "999999", "page_", "trans"} {
			if strings.Contains(lower, word) {
				return
			}
		}
		if whole != dump {
			t.Fatalf("%q became %q", dump, whole)
		}
	})
}

// Addresses have no place outside of the site's own options.
func TestAddressSearch(t *testing.T) {
	dump := "INSERT INTO `wp_posts` (`id`) VALUES ('home','https://wrong.example');\nUNLOCK TABLES;\n" +
		"INSERT INTO `wp_options` (`option_id`) VALUES\n(1,'siteurl','https://old.example/wp','yes'),\n(2,'home','https://old.example','yes');\nUNLOCK TABLES;\n"
	for _, size := range []int{1, 40, len(dump)} {
		s := addressSearch{fits: isWebAddress, table: []byte("INSERT INTO `wp_options` "), names: []string{"home", "siteurl"}, found: map[string]string{}}
		for piece := range slices.Chunk([]byte(dump), size) {
			if _, err := s.Write(piece); err != nil {
				break
			}
		}
		if s.found["home"] != "https://old.example" || s.found["siteurl"] != "https://old.example/wp" {
			t.Errorf("in pieces of %d: %v", size, s.found)
		}
	}
}

func TestParseDatabase(t *testing.T) {
	for text, want := range map[string]Database{
		"mysql://u@db.example:3307/n":      {Driver: "mysql", Server: backup.Server{Host: "db.example", Port: 3307}, Name: "n", User: "u"},
		"mariadb://u@/n?socket=/run/s":     {Driver: "mysql", Server: backup.Server{Socket: "/run/s", Port: 3306}, Name: "n", User: "u"},
		"mysql:///n?socket=/run/s&user=u":  {Driver: "mysql", Server: backup.Server{Socket: "/run/s", Port: 3306}, Name: "n", User: "u"},
		"postgres://u%40x@[::1]/n":         {Driver: "postgres", Server: backup.Server{Host: "::1", Port: 5432}, Name: "n", User: "u@x"},
		"postgresql://u@/n?socket=/run/pg": {Driver: "postgres", Server: backup.Server{Socket: "/run/pg", Port: 5432}, Name: "n", User: "u"},
	} {
		got, password, err := ParseDatabase(text)
		if err != nil || got != want || password {
			t.Errorf("%s: %+v %v %v", text, got, password, err)
		}
	}
	if _, password, err := ParseDatabase("mysql://u:p@h/n"); err != nil || !password {
		t.Errorf("a password in the URL: %v %v", password, err)
	}
	for _, text := range []string{"", "n", "http://u@h/n", "mysql://h/n", "mysql://u@h/", "mysql://u@h/a/b", "mysql://u@h:0/n", "mysql://u@h/n?socket=s", "mysql://u@h/n?x=y", "mysql://u@h/n#f"} {
		if d, _, err := ParseDatabase(text); err == nil {
			t.Errorf("%q was taken: %+v", text, d)
		}
	}
}
