// Package dumpscan reads dumps of databases as the clients of their servers do, to
// know where statements end, how many rows each table has, and whether a dump is
// whole. It keeps little of a dump and changes nothing in it.
//
// A newcomer starts with [Reader]: bytes go into Scan in pieces of any size, and
// what was learned of them comes out of the other methods. There is one for
// mariadb-dump and mysqldump ([NewMySQL]; mysql.go, mysqlcode.go, mysqlwords.go),
// one for pg_dump ([NewPostgres]; postgres.go, pgcode.go, pgtext.go, pgrows.go),
// and one that finds out which of them it needs ([NewAny]). [Guard] keeps psql from
// obeying a dump (pgguard.go). A dump may come from a stranger's archive: no bytes
// make a Reader fail, and what it keeps of one name is bounded; who reads such a
// dump bounds how many tables there may be.
package dumpscan
