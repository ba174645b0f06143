package backup

import (
	"strings"
	"testing"
)

func TestPrivileges(t *testing.T) {
	for _, c := range []struct {
		line, database, want string
	}{
		{"GRANT USAGE ON *.* TO `u`@`localhost` IDENTIFIED BY PASSWORD '*X'", "shop", "USAGE"},
		{"GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`localhost`", "shop", "ALL PRIVILEGES"},
		{"GRANT SELECT, TRIGGER ON `my\\_shop`.* TO `u`@`%`", "my_shop", "SELECT,TRIGGER"},
		{"GRANT SELECT, TRIGGER ON `my\\_shop`.* TO `u`@`%`", "myxshop", ""},
		{"GRANT EVENT ON `my%`.* TO `u`@`%`", "my_shop", "EVENT"},
		{"GRANT EVENT ON `my_shop`.* TO `u`@`%`", "myXshop", "EVENT"},
		{"GRANT TRIGGER ON `shop`.`one` TO `u`@`%`", "shop", ""},
		{"GRANT EVENT ON `a``b`.* TO `u`@`%`", "a`b", "EVENT"},
		{"GRANT `role` TO `u`@`%`", "shop", ""},
		{"GRANT PROXY ON ''@'%' TO 'u'@'%' WITH GRANT OPTION", "shop", ""},
	} {
		if got := strings.Join(privilegesOn(c.line, c.database), ","); got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.line, c.database, got, c.want)
		}
	}
}
