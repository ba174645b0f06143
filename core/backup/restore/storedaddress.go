package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"breakglass/core/backup"
	"breakglass/core/backup/detect"
	"breakglass/core/backup/php"
	"breakglass/core/safetext"
)

// stored is what the configuration of a program says of the site's own address.
type stored struct {
	urls []string // the old addresses
	none bool     // it surely holds none: the program takes the one that it is asked under
}

// inFiles returns the texts of the files that patterns match, in the site's directory
// and in what came from above it, in the order of their names.
func (r *run) inFiles(patterns ...string) (texts [][]byte, err error) {
	for _, dir := range []string{r.place.target, filepath.Join(r.place.beside, archiveDir, "outside")} {
		for _, pattern := range patterns {
			more, err := matching(dir, pattern)
			if err != nil {
				return nil, fmt.Errorf("look for the old address in %s: %w", safetext.Line(safetext.Path(filepath.Join(dir, pattern))), err)
			}
			texts = append(texts, more...)
		}
	}
	return texts, nil
}

// matching reads the files below a directory that a pattern matches.
func matching(dir, pattern string) (texts [][]byte, err error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	names, err := fs.Glob(root.FS(), pattern)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := readBelow(root, name)
		if err != nil {
			return nil, err
		}
		if len(text) > 0 {
			texts = append(texts, text)
		}
	}
	return texts, nil
}

// searchFiles looks for the old address in the files in which the site's program has it.
func (r *run) searchFiles() (stored, error) {
	kind, _, _ := strings.Cut(r.known.Header.Kind, " ")
	reader, ok := addressFiles[kind]
	if !ok {
		return stored{none: r.plainFiles()}, nil
	}
	texts, err := r.inFiles(reader.patterns...)
	if err != nil {
		return stored{}, err
	}
	return reader.read(texts), nil
}

// plainFiles reports whether the site is nothing but files, in which a restore changes
// no address.
func (r *run) plainFiles() bool {
	return r.known.Header.Kind == "static files" && len(Dumps(r.known)) == 0 && len(r.sqliteFiles()) == 0
}

// addressFiles are the files in which programs have the site's address, and what reads
// it out of their texts.
var addressFiles = map[string]struct {
	patterns []string
	read     func(texts [][]byte) stored
}{
	"Joomla":    {[]string{"configuration.php"}, joomlaAddress},
	"MediaWiki": {[]string{"LocalSettings.php"}, mediaWikiAddress},
	"TYPO3":     {[]string{"config/sites/*/config.yaml", "typo3conf/sites/*/config.yaml"}, typo3Address},
	"Drupal":    {[]string{"sites/*/settings*.php", "web/sites/*/settings*.php", "docroot/sites/*/settings*.php"}, drupalAddress},
}

// address takes a text as a site's address; "" where it is none that can be replaced.
func address(text string) string {
	if strings.HasPrefix(text, "//") {
		text = "https:" + text
	}
	text = strings.TrimRight(text, "/")
	if text == "" || len(text) >= maxAddress || CheckAddress(text) != nil || loopbackAddress.MatchString(text) {
		return ""
	}
	return text
}

// joomlaAddress reads $live_site, which is empty in most: then Joomla takes the
// address that it is asked under. A cookie's domain would still hold it to the old one.
func joomlaAddress(texts [][]byte) (s stored) {
	for _, text := range texts {
		values := php.Assigned("configuration.php", text)
		if found := address(values["live_site"].Text); values["live_site"].Kind == php.Scalar && found != "" {
			s.urls = append(s.urls, found)
		}
		s.none = emptyOrUnset(values["live_site"]) && emptyOrUnset(values["cookie_domain"])
	}
	return s
}

func emptyOrUnset(v php.Value) bool {
	return v.Kind == php.Nothing || v.Kind == php.Null || v.Kind == php.Scalar && v.Text == ""
}

// mediaWikiAddress reads $wgServer: the address without the path of the wiki.
func mediaWikiAddress(texts [][]byte) (s stored) {
	for _, text := range texts {
		if v := php.Assigned("LocalSettings.php", text)["wgServer"]; v.Kind == php.Scalar {
			if found := address(v.Text); found != "" {
				s.urls = append(s.urls, found)
			}
		}
	}
	return s
}

var (
	yamlBase   = regexp.MustCompile(`(?m)^base:[ \t]*["']?([^\s"'#]+)["']?[ \t]*(?:#.*)?\r?$`)
	yamlDomain = regexp.MustCompile(`(?m)^[ \t]+(?:-[ \t]+)?base:[ \t]*["']?(?:https?:)?//`)
)

// typo3Address reads the base of each site. A base of a path alone is none: then TYPO3
// takes the address that it is asked under, unless a language or a variant of the site
// names one.
func typo3Address(texts [][]byte) (s stored) {
	s.none = len(texts) > 0
	for _, text := range texts {
		m := yamlBase.FindSubmatch(text)
		if m == nil || !strings.HasPrefix(string(m[1]), "/") || strings.HasPrefix(string(m[1]), "//") || yamlDomain.Match(text) {
			s.none = false
		}
		if m == nil {
			continue
		}
		if found := address(string(m[1])); found != "" && !slices.Contains(s.urls, found) {
			s.urls = append(s.urls, found)
		}
	}
	return s
}

// drupalAddress reads $base_url of old Drupals and the patterns of trusted hosts. Most
// Drupals have neither.
func drupalAddress(texts [][]byte) (s stored) {
	s.none = len(texts) > 0
	for _, text := range texts {
		values := php.Assigned("settings.php", text)
		hosts, readable := trustedHosts(text)
		if values["base_url"].Kind != php.Nothing || values["cookie_domain"].Kind != php.Nothing || len(hosts) > 0 || !readable {
			s.none = false
		}
		found := []string{address(values["base_url"].Text)}
		for _, host := range hosts {
			found = append(found, address("https://"+host))
		}
		for _, url := range found {
			if url != "" && !slices.Contains(s.urls, url) {
				s.urls = append(s.urls, url)
			}
		}
	}
	return s
}

// trustedHosts reads $settings['trusted_host_patterns']: those that stand for one host
// each. readable is false where there are others.
func trustedHosts(src []byte) (hosts []string, readable bool) {
	tokens := php.Scan(src)
	readable = true
	for i, token := range tokens {
		if !token.Is(php.Literal, "trusted_host_patterns") {
			continue
		}
		for _, t := range tokens[i+1:] {
			if t.Is(php.Sign, ";") {
				break
			}
			if t.Kind == php.Literal {
				if host := hostOfPattern(t.Text); host != "" {
					hosts = append(hosts, host)
					continue
				}
			}
			readable = readable && (t.Kind == php.Sign || t.Is(php.Word, "array"))
		}
	}
	return hosts, readable
}

// hostOfPattern is the host that a pattern such as ^www\.acme\.example$ stands for; ""
// where it stands for more than one.
func hostOfPattern(pattern string) string {
	pattern, begins := strings.CutPrefix(pattern, "^")
	pattern, ends := strings.CutSuffix(pattern, "$")
	host := strings.NewReplacer(`\.`, ".", `\-`, "-").Replace(pattern)
	if !begins || !ends || !detect.IsHostName(host) || !strings.Contains(host, ".") {
		return ""
	}
	return host
}

// searchShop looks for the address of a PrestaShop, which its configuration has as a
// host, and whether it is asked for by TLS.
func (r *run) searchShop(d backup.StoredDatabase) ([]string, error) {
	const plain, secure, tls = "PS_SHOP_DOMAIN", "PS_SHOP_DOMAIN_SSL", "PS_SSL_ENABLED"
	found, err := r.searchRows(d, "configuration", func(value string) bool { return value == "0" || value == "1" || shopHost.MatchString(value) }, plain, secure, tls)
	if err != nil {
		return nil, err
	}
	// The shop's directory stands behind its two hosts in another table.
	hosts := found[plain] + "','" + found[secure]
	below, err := r.searchRows(d, "shop_url", func(value string) bool { return strings.HasPrefix(value, "/") }, hosts)
	if err != nil {
		return nil, err
	}
	order := []string{"http://" + found[plain] + below[hosts], "https://" + found[secure] + below[hosts]}
	if found[tls] == "1" {
		slices.Reverse(order)
	}
	var urls []string
	for _, text := range order {
		if url := address(text); url != "" {
			urls = append(urls, url)
		}
	}
	return urls, nil
}

var shopHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]{1,5})?$`)

// addressByHand says where a program has its address in a form that a restore does not
// write.
var addressByHand = map[string]string{
	"PrestaShop": "In the shop's back office, save Traffic & SEO once: that writes the new address into .htaccess.",
}

// keepsNone says what a restore does not change where no old address is known. Each
// sentence is short enough for a line of the report.
func (r *run) keepsNone() string {
	if r.plainFiles() {
		return "No address is changed in static files: where a page names the old one, change it by hand."
	}
	return "The site keeps no address of its own, and links in its texts were left as they are; to have those changed too, begin anew with --old-url https://OLD."
}

// AddressStored reports whether a restore knows where a program keeps the site's
// address, so that the old one need not be given. kind is that of a Header.
func AddressStored(kind string) bool {
	name, _, _ := strings.Cut(kind, " ")
	_, inFiles := addressFiles[name]
	return inFiles || slices.Contains([]string{"WordPress", "Magento", "PrestaShop", "Laravel", "Symfony", ".env"}, name)
}

// lookAtOldAddress says before anything is touched what a new address needs beside it.
func (r *run) lookAtOldAddress(c *checks) {
	const rule = "give --old-url https://OLD beside --url, or the restore stops when all is unpacked and asks for it."
	switch {
	case r.order.URL == "" || len(r.order.OldURLs) > 0:
	case r.order.Known == nil:
		c.ok("Old address", "it is looked for where WordPress, Magento, PrestaShop, Joomla, Drupal, MediaWiki, TYPO3 and a .env have it; of any other program "+rule)
	case AddressStored(r.order.Known.Header.Kind) || r.order.Known.Header.Kind == "static files":
		c.ok("Old address", "it is read from the site.")
	default:
		c.warn("Old address", "it is not known where a site of the kind “%s” has it; "+rule, safetext.Line(r.order.Known.Header.Kind))
	}
}
