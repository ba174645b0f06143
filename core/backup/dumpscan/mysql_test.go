package dumpscan

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// scanned is what a scanner made of a dump.
type scanned struct {
	rows     map[string]int64
	ends     []int
	complete bool
	names    []string
	longest  int64
}

// scanIn scans a dump in pieces of a size.
func scanIn(dump string, size int) scanned {
	s := NewMySQL()
	var out scanned
	at := 0
	for piece := range slices.Chunk([]byte(dump), size) {
		for len(piece) > 0 {
			n, ended := s.Scan(piece)
			at += n
			piece = piece[n:]
			if ended {
				out.ends = append(out.ends, at)
			}
		}
	}
	out.rows, out.complete, out.longest = s.Rows(), s.Whole(), s.longest
	out.names = append(slices.Sorted(maps.Keys(s.charsets)), slices.Sorted(maps.Keys(s.collations))...)
	return out
}

func TestDumpScanner(t *testing.T) {
	for name, c := range map[string]struct {
		dump     string
		rows     map[string]int64
		ends     int
		complete bool
	}{
		"rows":           {"INSERT INTO `t` (`a`,`b`) VALUES\n(1,'x'),\n(2,'(3),(4)');\n", map[string]int64{"t": 2}, 1, false},
		"two statements": {"INSERT INTO `t` VALUES (1);\nINSERT INTO `t` VALUES (2),(3);\n", map[string]int64{"t": 3}, 2, false},
		"escapes":        {`INSERT INTO ` + "`t`" + ` VALUES ('a\'),(b','c'';),(d',"e\"),(f"),(2,0x2829,NULL,-1.5e-3);`, map[string]int64{"t": 2}, 1, false},
		"backslash end":  {`INSERT INTO ` + "`t`" + ` VALUES ('\\'),('\\\\');`, map[string]int64{"t": 2}, 1, false},
		"odd names":      {"INSERT INTO `a``b` (`values (`,`)`) VALUES (1,2);", map[string]int64{"a`b": 1}, 1, false},
		"values inside":  {"INSERT INTO `t` (`VALUES`) VALUES ('VALUES (1),(2)');", map[string]int64{"t": 1}, 1, false},
		"nested":         {"INSERT INTO `t` VALUES (ST_GeomFromText('POINT(1 1)'),(1)),(2,3);", map[string]int64{"t": 2}, 1, false},
		"create":         {"CREATE TABLE `t` (\n  `a` int DEFAULT (1),\n  KEY `k` (`a`)\n);\n", map[string]int64{"t": 0}, 1, false},
		"conditional":    {"/*!40000 ALTER TABLE `t` DISABLE KEYS */;\n/*!50001 CREATE TABLE `v` (x int)*/;", map[string]int64{"v": 0}, 2, false},
		"sandbox":        {"/*M!999999\\- enable the sandbox mode */ \n-- it's\n/*!40101 SET NAMES utf8mb4 */;\nINSERT INTO `t` VALUES (1);", map[string]int64{"t": 1}, 2, false},
		"comments":       {"-- INSERT INTO `x` VALUES (1); it's\n# it's;\n/* it's; */ /**/ INSERT /* ) */ INTO `t` VALUES (1) -- (2\n,(3);", map[string]int64{"t": 2}, 1, false},
		"delimiter": {"DELIMITER ;;\nCREATE PROCEDURE p() BEGIN INSERT INTO `x` VALUES (1); SELECT ';;'; END ;;\nDELIMITER ;\nINSERT INTO `t` VALUES (1);",
			map[string]int64{"t": 1}, 2, false},
		"trigger": {"DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER g BEFORE INSERT ON `t` FOR EACH ROW BEGIN CREATE TEMPORARY TABLE `y` (a int); END */;;\nDELIMITER ;\n",
			map[string]int64{}, 1, false},
		"complete":        {"INSERT INTO `t` VALUES (1);\n-- Dump completed on 2026-11-24\n", map[string]int64{"t": 1}, 1, true},
		"blank lines":     {"-- Dump completed\n\n  \n", map[string]int64{}, 0, true},
		"goes on":         {"-- Dump completed\nSELECT 1;\n", map[string]int64{}, 1, false},
		"a word goes on":  {"-- Dump completed\nSELECT", map[string]int64{}, 0, false},
		"a comment later": {"-- Dump completed\n-- \n", map[string]int64{}, 0, false},
		"in a string":     {"INSERT INTO `t` VALUES ('\n-- Dump completed\n');", map[string]int64{"t": 1}, 1, false},
		"no line break":   {"-- Dump completed", map[string]int64{}, 0, false},
		"minus":           {"INSERT INTO `t` VALUES (1--1),(2);", map[string]int64{"t": 2}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 7, len(c.dump)} {
				got := scanIn(c.dump, size)
				if !maps.Equal(got.rows, c.rows) || len(got.ends) != c.ends || got.complete != c.complete {
					t.Errorf("in pieces of %d: %+v", size, got)
				}
			}
		})
	}
}

// What a server must know to take a dump stands in it, but not in its values.
func TestDumpScannerNames(t *testing.T) {
	dump := "/*!40101 SET NAMES utf8mb4 */;\n/*!40101 SET @saved_cs_client = @@character_set_client */;\n/*!40101 SET character_set_client = utf8 */;\n" +
		"CREATE TABLE `t` (\n `a` text CHARACTER SET latin1 COLLATE latin1_bin,\n `collate` int\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;\n" +
		"/*!40101 SET character_set_client = @saved_cs_client */;\nINSERT INTO `t` VALUES ('COLLATE=x_ci',1);\n/*!50003 SET collation_connection  = utf8mb4_uca1400_ai_ci */ ;\n"
	for _, size := range []int{1, 5, len(dump)} {
		got := scanIn(dump, size)
		want := []string{"latin1", "utf8", "utf8mb4", "latin1_bin", "utf8mb4_0900_ai_ci", "utf8mb4_uca1400_ai_ci"}
		if !slices.Equal(got.names, want) || got.longest != int64(strings.Index(dump, "utf8mb4_0900_ai_ci;")+19-strings.Index(dump, "\nCREATE")) {
			t.Errorf("in pieces of %d: %v %d", size, got.names, got.longest)
		}
	}
}

// However a dump is cut into pieces, it is read the same way.
func FuzzDumpScanner(f *testing.F) {
	f.Add("INSERT INTO `t` VALUES (1,'a\\'b'),(2);\n-- Dump completed\n", 3)
	f.Add("DELIMITER ;;\nCREATE TABLE `a``b` (x);;\nDELIMITER ;\n/*!1 x*/ /*M!2 y*/ # z", 1)
	f.Add("DELIMITER \nx;/*M/*/--\t`", 2)
	f.Fuzz(func(t *testing.T, dump string, size int) {
		if size < 1 || len(dump) == 0 {
			return
		}
		whole, pieces := scanIn(dump, len(dump)), scanIn(dump, size)
		if !maps.Equal(whole.rows, pieces.rows) || !slices.Equal(whole.ends, pieces.ends) || whole.complete != pieces.complete ||
			!slices.Equal(whole.names, pieces.names) || whole.longest != pieces.longest {
			t.Fatalf("whole: %+v\nin pieces of %d: %+v", whole, size, pieces)
		}
		for i := 1; i < len(whole.ends); i++ {
			if whole.ends[i] <= whole.ends[i-1] {
				t.Fatalf("ends do not grow: %v", whole.ends)
			}
		}
	})
}

// Values of any bytes, quoted as the dumpers quote them, make one row each.
func FuzzDumpScannerRows(f *testing.F) {
	f.Add("it's", "a),(b")
	f.Add(`\`, "`;--\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		quote := strings.NewReplacer("\x00", `\0`, "\n", `\n`, "\r", `\r`, `\`, `\\`, `'`, `\'`, `"`, `\"`, "\x1a", `\Z`).Replace
		dump := "INSERT INTO `t` (`a`,`b`) VALUES ('" + quote(a) + "','" + quote(b) + "'),\n('" + quote(b) + "',NULL);\n-- Dump completed on x\n"
		if got := scanIn(dump, len(dump)); got.rows["t"] != 2 || len(got.ends) != 1 || !got.complete {
			t.Fatalf("%q: %+v", dump, got)
		}
	})
}

func BenchmarkDumpScanner(b *testing.B) {
	dump := []byte("INSERT INTO `t` (`a`,`b`) VALUES " + strings.Repeat("(1,'some text of a post, it\\'s (not) long',0x00FF00FF),\n", 20000) + "(2,'',NULL);\n")
	b.SetBytes(int64(len(dump)))
	for b.Loop() {
		s := NewMySQL()
		if n, _ := s.Scan(dump); n == 0 {
			b.Fatal("nothing was read")
		}
	}
}
