package repoint

import (
	"bytes"
	"errors"
	"io/fs"
	"regexp"
	"strings"
)

// rewriteLine is a line of an .htaccess that sends a request to a path: the directive,
// and a path from / on as its base or its target.
var rewriteLine = regexp.MustCompile(`(?mi)^[ \t]*(RewriteBase|RewriteRule[ \t]+\S+)[ \t]+"?(/[^\s"]*)`)

// plainPath is a path that stands for itself in an .htaccess.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9/._~-]+$`)

// withRules adds to the plans of a WordPress that of its .htaccess, in which the path of
// its address stands: WordPress writes it again only when somebody saves its permalinks,
// and nothing but the front page is found until then.
func (j *job) withRules(plans []*plan, err error) ([]*plan, error) {
	moves := false
	for _, h := range j.hosts() {
		moves = moves || h.path != h.newPath
	}
	if err != nil || !moves {
		return plans, err
	}
	name := j.in(".htaccess")
	src, err := readFile(j.root, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return plans, nil
	case err != nil: // it is no reason to leave the configuration as it was
		j.byHand(name, "RewriteBase", "This file could not be read; write the new path of the site's address there.")
		return plans, nil
	}
	p := j.newPlan(name, src)
	if p.settled {
		return plans, nil
	}
	p.read = func([]byte) map[string][]string { return nil }
	p.rules(j.hosts())
	return append(plans, p), nil
}

// rules plans the paths of an .htaccess: each RewriteBase, and the targets of those rules
// that WordPress wrote. Other rules are a person's own, whose meaning nobody else knows.
func (p *plan) rules(hosts []host) {
	from, to := bytes.Index(p.src, []byte("# BEGIN WordPress")), bytes.Index(p.src, []byte("# END WordPress"))
	for _, at := range rewriteLine.FindAllSubmatchIndex(p.src, -1) {
		name, _, _ := strings.Cut(strings.ReplaceAll(string(p.src[at[2]:at[3]]), "\t", " "), " ")
		old := string(p.src[at[4]:at[5]])
		now, certain := movedPath(old, hosts)
		own := strings.EqualFold(name, "RewriteBase") || from >= 0 && from < at[0] && at[0] < to
		switch {
		case certain && now == old:
		case certain && own && plainPath.MatchString(now):
			p.done(at[4], at[5], now, name)
		default:
			p.byHand(p.line(at[2]), name, "The path of the site's address changed; write the new one here, if this rule means that.")
		}
	}
}

// movedPath is what a path becomes that lies below that of an old address. certain is
// false where two addresses would have it become different ones.
func movedPath(old string, hosts []host) (now string, certain bool) {
	longest := ""
	now, certain = old, true
	for _, h := range hosts {
		rest, below := strings.CutPrefix(slashed(old), h.path)
		if !below || len(h.path) < len(longest) {
			continue
		}
		to := h.newPath + rest
		if !strings.HasSuffix(old, "/") {
			to = strings.TrimSuffix(to, "/")
		}
		certain = len(h.path) > len(longest) || to == now && certain
		now, longest = to, h.path
	}
	return now, certain
}
