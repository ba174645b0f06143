package backup

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"breakglass/core/backup/sitetree"
	"breakglass/core/safetext"
)

// php lists which PHP the site ran on and what it asks for, without running any.
func (t *takeover) php() []string {
	var lines []string
	lines = append(lines, t.phpAsked()...)
	lines = append(lines, t.phpInstalled()...)
	for _, pattern := range []string{
		"/etc/php/*/fpm/pool.d/*.conf", "/etc/php-fpm.d/*.conf", "/opt/plesk/php/*/etc/php-fpm.d/*.conf", "/opt/cpanel/ea-php*/root/etc/php-fpm.d/*.conf",
		"/etc/opt/remi/php*/php-fpm.d/*.conf",
	} {
		lines = append(lines, t.namingAll(pattern)...)
	}
	return lines
}

var (
	requiredForm = regexp.MustCompile(`\$required_php_version\s*=\s*'([0-9.]{1,16})'`)
	handlerForm  = regexp.MustCompile(`(?i)^\s*(AddHandler|SetHandler|AddType|FCGIWrapper|php_value|php_flag|php_admin_value)\b`)
	iniForm      = regexp.MustCompile(`(?i)^\s*(memory_limit|upload_max_filesize|post_max_size|max_execution_time|max_input_vars|max_input_time|auto_prepend_file|auto_append_file|date\.timezone|disable_functions|extension|zend_extension|open_basedir|short_open_tag)\s*=`)
)

// phpAsked is what the site's own files say of PHP.
func (t *takeover) phpAsked() []string {
	var lines []string
	for _, in := range t.run.site.Installs {
		place := sitetree.Join(in.Dir, "wp-includes/version.php")
		if m := requiredForm.FindStringSubmatch(t.siteText(place)); m != nil {
			lines = append(lines, shownLine(inArchive(place))+"  PHP ≥ "+m[1])
		}
	}
	lines = append(lines, t.composer()...)
	for _, rules := range t.run.rules {
		text := t.siteText(rules)
		form := iniForm
		switch path.Base(rules) {
		case ".php-version":
			lines = append(lines, shownLine(inArchive(rules))+"  PHP "+quoteLine(strings.TrimSpace(text)))
			continue
		case ".htaccess":
			form = handlerForm
		}
		number := 0
		for line := range strings.Lines(text) {
			number++
			if form.MatchString(strings.TrimSpace(line)) {
				lines = append(lines, fmt.Sprintf("%s:%d  %s", shownLine(inArchive(rules)), number, quoteLine(strings.TrimSpace(line))))
			}
		}
	}
	return lines
}

// composer lists what composer.json asks of the platform.
func (t *takeover) composer() []string {
	var asked struct {
		Require map[string]string `json:"require"`
	}
	if json.Unmarshal([]byte(t.siteText("composer.json")), &asked) != nil {
		return nil
	}
	var lines []string
	for name, version := range asked.Require {
		if name == "php" || strings.HasPrefix(name, "ext-") {
			lines = append(lines, "files/composer.json  "+safetext.Line(name)+" "+safetext.Line(version))
		}
	}
	slices.Sort(lines)
	return lines
}

// phpHomes are where installed PHPs keep the list of their extensions, and the
// program itself.
var phpHomes = []string{
	"/etc/php/*/fpm/conf.d", "/etc/php/*/apache2/conf.d", "/etc/php/*/cli/conf.d", "/etc/php.d", "/opt/plesk/php/*/etc/php.d",
	"/opt/cpanel/ea-php*/root/etc/php.d", "/etc/opt/remi/php*/php.d", "/usr/local/etc/php/conf.d",
}

var phpPrograms = []string{
	"/usr/bin/php[0-9]*", "/usr/local/bin/php[0-9]*", "/usr/local/bin/php", "/usr/sbin/php-fpm*", "/usr/local/sbin/php-fpm*", "/opt/plesk/php/*/bin/php",
	"/opt/cpanel/ea-php*/root/usr/bin/php", "/usr/local/lsws/lsphp*/bin/php",
}

var programForm = regexp.MustCompile(`(^|/)(php|php-fpm|lsphp)[0-9.]*$`)

// phpInstalled lists the PHPs of this machine and their extensions, as their
// files are called. Which of them served the site, a pool or a handler says.
func (t *takeover) phpInstalled() []string {
	var lines []string
	if target := t.host.link("/usr/bin/php"); target != "" {
		lines = append(lines, "/usr/bin/php → "+shownLine(target))
	}
	for _, pattern := range phpPrograms {
		for _, program := range t.host.glob(pattern) {
			if programForm.MatchString(program) {
				lines = append(lines, shownLine(program))
			}
		}
	}
	for _, pattern := range phpHomes {
		for _, dir := range t.host.glob(pattern) {
			var names []string
			for _, file := range t.host.glob(dir + "/*.ini") {
				name := strings.TrimLeft(strings.TrimSuffix(path.Base(file), ".ini"), "0123456789-")
				names = append(names, strings.TrimPrefix(name, "docker-php-ext-"))
			}
			slices.Sort(names)
			if len(names) > 0 {
				lines = append(lines, shownLine(dir)+"  "+safetext.Line(strings.Join(slices.Compact(names), " ")))
			}
		}
	}
	return lines
}

// mailPlugins are the plugins of WordPress that send mail another way than the
// server does, by their folders.
var mailPlugins = []string{
	"wp-mail-smtp", "wp-mail-smtp-pro", "post-smtp", "easy-wp-smtp", "fluent-smtp", "smtp-mailer", "wp-smtp", "mailgun", "sendgrid-email-delivery-simplified",
	"wp-ses", "wp-offload-ses", "wp-offload-ses-lite", "sendinblue", "mailin", "mailpoet", "newsletter", "mailster", "site-mailer", "suremails", "gmail-smtp",
}

var mailForm = regexp.MustCompile(`(?i)^(MAIL_(HOST|MAILER|PORT|FROM_ADDRESS|ENCRYPTION)|MAILER_HOST|SMTP_?HOST|SMTP_?PORT|smtphost|smtpport|mailer|mailfrom|sendmail|WPMS_SMTP_(HOST|PORT)|WPMS_MAILER|WPMS_MAIL_FROM)$`)

// mail lists how the site and the machine send mail.
func (t *takeover) mail() []string {
	var lines []string
	for _, c := range t.configs {
		for _, s := range c.Settings {
			if mailForm.MatchString(s.Name) && s.Value != "" && !s.Secret() {
				lines = append(lines, placeIn(c, s.Line)+"  "+safetext.Line(s.Name)+" = "+quoteLine(s.Value))
			}
		}
	}
	for _, in := range t.run.site.Installs {
		for _, plugin := range mailPlugins {
			place := sitetree.Join(in.Dir, "wp-content/plugins/"+plugin)
			if info, err := t.run.site.root.Lstat(place); err == nil && info.IsDir() {
				lines = append(lines, shownLine(inArchive(place)))
			}
		}
	}
	if target := t.host.link("/usr/sbin/sendmail"); target != "" {
		lines = append(lines, "/usr/sbin/sendmail → "+shownLine(target))
	} else if t.host.exists("/usr/sbin/sendmail") {
		lines = append(lines, "/usr/sbin/sendmail")
	}
	for _, config := range []string{"/etc/msmtprc", "/etc/ssmtp/ssmtp.conf", "/etc/exim4/update-exim4.conf.conf", "/etc/nullmailer/remotes"} {
		if t.host.exists(config) {
			lines = append(lines, config)
		}
	}
	number := 0
	for line := range strings.Lines(t.host.read("/etc/postfix/main.cf")) {
		number++
		if strings.HasPrefix(line, "relayhost") {
			lines = append(lines, fmt.Sprintf("/etc/postfix/main.cf:%d  %s", number, quoteLine(strings.TrimSpace(line))))
		}
	}
	return lines
}
