package rewrite

import (
	"bytes"
	"slices"
	"strings"
)

// isNetwork reports whether a table may be one in which a WordPress network lists
// its sites, wp_blogs and wp_site, or a PrestaShop its shops, ps_shop_url: with
// columns for the host and, right behind them, one for the path.
func isNetwork(table string) bool {
	table = strings.Trim(table, "`")
	return strings.HasSuffix(table, "blogs") || strings.HasSuffix(table, "site") || strings.HasSuffix(table, "shop_url")
}

// namesHost reports whether a value is the name of a PrestaShop's host in its table
// ps_configuration: what stands right behind it is that host.
func namesHost(table string, v []byte) bool {
	return bytes.HasPrefix(v, []byte("PS_SHOP_DOMAIN")) && (len(v) == len("PS_SHOP_DOMAIN") || string(v) == "PS_SHOP_DOMAIN_SSL") &&
		strings.HasSuffix(strings.Trim(table, "`"), "configuration")
}

// networkHost finds the old URL of which a value is the host and nothing else.
func (w *Rewriter) networkHost(v []byte) (site, bool) {
	host := withoutWWW(strings.ToLower(string(v)))
	for _, t := range slices.Backward(w.sites) { // the one without a path first
		if host == t.at() {
			return t, true
		}
	}
	return site{}, false
}

// at is the host with its port.
func (t site) at() string {
	if t.port != "" {
		return t.host + ":" + t.port
	}
	return t.host
}

// NetworkPath returns the path of a site of a WordPress network at its new
// address, and whether that is another. The path stands beside the host of the
// site, as it was before, in a table such as wp_blogs.
func (w *Rewriter) NetworkPath(table, host, path string) (string, bool) {
	if !isNetwork(table) || !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") {
		return path, false
	}
	host = withoutWWW(strings.ToLower(host))
	parts := segments(path)
	for _, t := range w.sites { // the longest path first
		if host != t.at() || len(parts) < len(t.path) || !slices.Equal(parts[:len(t.path)], t.path) {
			continue
		}
		to := "/"
		for _, part := range append(slices.Clone(t.to.path), parts[len(t.path):]...) {
			to += part + "/"
		}
		return to, to != path
	}
	return path, false
}

// networkPath rewrites the path that follows the host of a site in the same row.
// It is asked of the first literal behind that, whatever it is, and is done with
// it if it is a path.
func (w *window) networkPath(from, end int) (done bool, err error) {
	host := w.host
	w.host = ""
	if host == "" {
		return false, nil
	}
	to, changed := w.w.NetworkPath(w.table, host, string(w.buf[from:end]))
	if !changed {
		return false, nil
	}
	w.report.Add(w.table, Counts{Values: 1, Hosts: 1})
	if err := w.flush(from); err != nil {
		return true, err
	}
	_, err = w.dst.WriteString(to)
	w.kept = end
	return true, err
}
