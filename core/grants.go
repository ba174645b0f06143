package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"breakglass/core/audit"
	"breakglass/core/safetext"
)

// Grants lists the grants of the sites that a manager or auditor may see,
// newest first.
func (c *Console) Grants(ctx context.Context, a Actor) ([]GrantInfo, error) {
	var infos []GrantInfo
	err := c.view(ctx, "list grants", func(tx Tx) error {
		infos = nil
		scope, err := scopeOf(tx, a)
		if err != nil {
			return err
		}
		return tx.Grants().Each("", func(g Grant) bool {
			if scope.covers(g.Site) {
				infos = append(infos, c.grantInfo(g, a))
			}
			return true
		})
	})
	slices.SortFunc(infos, func(x, y GrantInfo) int { return y.Start.Compare(x.Start) })
	return infos, err
}

// Grant shows one grant with its newest job and all that was logged of it. That
// is reading the log, and logged as such.
func (c *Console) Grant(ctx context.Context, a Actor, id string) (GrantStory, error) {
	var story GrantStory
	if err := c.logReading(ctx, a); err != nil {
		return story, err
	}
	err := c.view(ctx, "show grant", func(tx Tx) error {
		story = GrantStory{}
		scope, err := scopeOf(tx, a)
		if err != nil {
			return err
		}
		grant, err := tx.Grants().Get(id)
		if err == nil && !scope.covers(grant.Site) {
			err = ErrNotFound
		}
		if err != nil {
			return notFound(err, "There is no grant %s; `grant list` shows them.", safetext.Line(id))
		}
		return c.tellGrant(tx, &story, grant, a)
	})
	return story, err
}

// Story shows what Grant does, by the ID of the grant or of the request that led
// to it. Of a request that no grant came of it shows the lines alone.
func (c *Console) Story(ctx context.Context, a Actor, id string) (GrantStory, error) {
	var story GrantStory
	if err := c.logReading(ctx, a); err != nil {
		return story, err
	}
	err := c.view(ctx, "show story", func(tx Tx) error {
		story = GrantStory{}
		scope, err := scopeOf(tx, a)
		if err != nil {
			return err
		}
		request, err := tx.Requests().Get(id)
		switch {
		case ignoreNotFound(err) != nil:
			return err
		case err == nil && request.Grant != "":
			id = request.Grant
		case err == nil && scope.covers(request.Site):
			if story.Lines, err = linesUnder(tx, audit.KeyRequest+id); err == nil {
				story.Messages, err = messagesAbout(tx, story.Lines)
			}
			return err
		}
		grant, err := tx.Grants().Get(id)
		if err == nil && !scope.covers(grant.Site) {
			err = ErrNotFound
		}
		if err != nil {
			return notFound(err, "There is no grant and no request %s; `log list --event grant` shows grants.", safetext.Line(id))
		}
		return c.tellGrant(tx, &story, grant, a)
	})
	return story, err
}

// tellGrant fills in a story.
func (c *Console) tellGrant(tx Tx, story *GrantStory, grant Grant, a Actor) (err error) {
	story.Grant = c.grantInfo(grant, a)
	if grant.Job != "" {
		job, err := tx.Jobs().Get(grant.Job)
		if err != nil {
			return err
		}
		info := c.jobInfo(job)
		story.Job = &info
	}
	if story.Lines, err = linesOf(tx, grant); err == nil {
		story.Messages, err = messagesAbout(tx, story.Lines)
	}
	return err
}

// linesOf reads the lines of a grant and of the request that led to it, oldest
// first.
func linesOf(tx Tx, grant Grant) ([]LogLine, error) {
	keys := []string{audit.KeyGrant + grant.ID}
	if grant.Request != "" {
		keys = append(keys, audit.KeyRequest+grant.Request)
	}
	return linesUnder(tx, keys...)
}

// messagesAbout lists the messages that told of lines, on their way or at their
// end. Their IDs begin with the line's number.
func messagesAbout(tx Tx, lines []LogLine) ([]StoryMessage, error) {
	var all []StoryMessage
	for _, l := range lines {
		prefix := fmt.Sprintf("M-%010d-", l.Seq)
		add := func(m Message) bool {
			if !strings.HasPrefix(m.ID, prefix) {
				return false
			}
			about := StoryMessage{
				MessageInfo: MessageInfo{ID: m.ID, State: m.State, Kind: m.Kind, At: m.Ended, Result: m.Result},
				Leaf:        l.Seq, Code: m.Event == EventCode,
			}
			if m.Address != "" {
				about.Masked = Mask(m.Kind, m.Address)
			}
			all = append(all, about)
			return true
		}
		if err := errors.Join(tx.Sent().Each(prefix, add), tx.Outbox().Each(prefix, add)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Requests lists the open requests of the sites that a manager looks after.
func (c *Console) Requests(ctx context.Context, a Actor) ([]RequestInfo, error) {
	var infos []RequestInfo
	err := c.view(ctx, "list requests", func(tx Tx) error {
		infos = nil
		scope, err := scopeOf(tx, a)
		if err != nil {
			return err
		}
		var inner error
		err = tx.Sites().Each("", func(site Site) bool {
			if !scope.covers(site.ID) {
				return true
			}
			for _, factor := range sortedKeys(site.Open) {
				var r Request
				if r, inner = tx.Requests().Get(site.Open[factor]); inner != nil {
					return false
				}
				var info RequestInfo
				if info, inner = c.requestInfo(tx, site, r, a, c.judge.now()); inner != nil {
					return false
				}
				infos = append(infos, info)
			}
			return true
		})
		if inner != nil {
			return inner
		}
		return err
	})
	return infos, err
}
