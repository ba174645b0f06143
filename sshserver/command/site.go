package command

import (
	"context"

	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/view"
)

// sites is "site add|set|list|show|check|remove|forget".
func (s *session) sites() *cobra.Command {
	return s.group("site", s.siteAdd(), s.siteSet(), s.siteList(), s.siteShow(), s.siteCheck(), s.siteRemove(), s.siteForget())
}

// siteFlags adds the flags that "site add" and "site set" share.
func (s *session) siteFlags(cmd *cobra.Command, o *core.SiteOrder) {
	s.flag(cmd, &o.Root, "root")
	s.flag(cmd, &o.Title, "title")
	s.flag(cmd, &o.Call, "call")
	s.flag(cmd, &o.Zone, "zone")
	s.flag(cmd, &o.Lang, "lang")
	s.flag(cmd, &o.DatabaseHost, "database-host")
	s.flag(cmd, &o.Database.URL, "database")
	cmd.Flags().StringArrayVar(&o.Include, "include", nil, s.text("flag.include", nil))
	cmd.Flags().DurationVar(&o.Life, "life", 0, s.text("flag.life", nil))
	cmd.Flags().DurationVar(&o.Hold, "hold", 0, s.text("flag.hold", nil))
}

func (s *session) siteAdd() *cobra.Command {
	var o core.SiteOrder
	cmd := s.leaf("add SITE --root DIR", "site.add", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		if o.Root == "" {
			return s.misread("missing", map[string]any{"Command": path(cmd), "Name": "--root DIR", "Usage": usage(cmd)})
		}
		o.ID = args[0]
		o.Include = named(o.Include)
		if err := s.databasePassword(cmd, &o); err != nil {
			return err
		}
		if o.Key == "-" {
			key, err := s.publicKey(cmd.Context(), nil)
			if err != nil {
				return err
			}
			o.Key = key
		}
		kit, err := s.console.AddSite(cmd.Context(), s.actor, o)
		if err != nil {
			return err
		}
		s.tell(s.text("site.add.done", map[string]any{"Site": o.ID}))
		s.tell(s.text("site.add.next", map[string]any{"Site": o.ID}))
		return s.showKit(kit)
	})
	s.siteFlags(cmd, &o)
	cmd.Flags().StringSliceVar(&o.Emails, "email", nil, s.text("flag.email", nil))
	cmd.Flags().StringSliceVar(&o.Phones, "phone", nil, s.text("flag.phone", nil))
	s.flag(cmd, &o.Key, "owner-key")
	return s.machine(cmd)
}

func (s *session) siteSet() *cobra.Command {
	var o core.SiteOrder
	cmd := s.leaf("set SITE --FLAG VALUE", "site.set", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		change, any := changes(cmd, &o)
		if !any {
			return s.misread("site.set.nothing", nil)
		}
		if err := s.databasePassword(cmd, &o); err != nil {
			return err
		}
		info, err := s.console.SetSite(cmd.Context(), s.actor, args[0], change)
		if err != nil {
			return err
		}
		return s.showSite(info)
	})
	s.siteFlags(cmd, &o)
	return s.machine(cmd)
}

// changes takes over the flags that were given, and says whether any was.
func changes(cmd *cobra.Command, o *core.SiteOrder) (ch core.SiteChange, any bool) {
	for name, take := range map[string]func(){
		"root":          func() { ch.Root = &o.Root },
		"title":         func() { ch.Title = &o.Title },
		"call":          func() { ch.Call = &o.Call },
		"zone":          func() { ch.Zone = &o.Zone },
		"lang":          func() { ch.Lang = &o.Lang },
		"database-host": func() { ch.DatabaseHost = &o.DatabaseHost },
		"database":      func() { ch.Database = &o.Database },
		"include":       func() { o.Include = named(o.Include); ch.Include = &o.Include },
		"life":          func() { ch.Life = &o.Life },
		"hold":          func() { ch.Hold = &o.Hold },
	} {
		if cmd.Flags().Changed(name) {
			take()
			any = true
		}
	}
	return ch, any
}

func (s *session) siteList() *cobra.Command {
	return s.machine(s.leaf("list", "site.list", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		list, err := s.console.Sites(cmd.Context(), s.actor)
		if err != nil {
			return err
		}
		return s.list(view.Sites(s.env.Lang, list), view.List(list, view.JSONSite), "site.list.empty")
	}))
}

func (s *session) siteShow() *cobra.Command {
	return s.machine(s.leaf("show SITE", "site.show", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		info, err := s.console.Site(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		return s.showSite(info)
	}))
}

func (s *session) showSite(info core.SiteInfo) error {
	return s.list(view.SiteDetail(s.env.Lang, info), view.JSONSite(info), "")
}

// siteCheck is "site check SITE": what is missing is better seen by the manager
// today than by the owner on the day of need.
func (s *session) siteCheck() *cobra.Command {
	return s.machine(s.leaf("check SITE", "site.check", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		report, err := s.console.CheckSite(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		return s.list(view.Check(s.env.Lang, report), view.JSONCheck(report), "")
	}))
}

func (s *session) siteRemove() *cobra.Command {
	var yes string
	cmd := s.leaf("remove SITE --yes SITE", "site.remove", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		if yes != args[0] {
			return s.misread("site.remove.unsure", map[string]any{"Site": quote(args[0])})
		}
		if err := s.console.RemoveSite(cmd.Context(), s.actor, args[0]); err != nil {
			return err
		}
		s.tell(s.text("site.remove.done", map[string]any{"Site": args[0]}))
		return nil
	})
	s.flag(cmd, &yes, "yes")
	return cmd
}

// kit is "kit SITE".
func (s *session) kit() *cobra.Command {
	return s.machine(s.leaf("kit SITE", "kit", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		kit, err := s.console.MakeKit(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		return s.showKit(kit)
	}))
}

// showKit prints an emergency sheet in the language of the session.
func (s *session) showKit(kit core.Kit) error {
	if s.json {
		return view.WriteJSON(s.Out, view.JSONKit(kit))
	}
	var mute []string
	for _, c := range kit.Contacts {
		if c.Mute {
			mute = append(mute, c.Masked)
		}
	}
	s.tellMute(mute)
	return s.print(view.Kit(kit.Lang, kit))
}

// contacts is "contact add|list|remove".
func (s *session) contacts() *cobra.Command {
	return s.group("contact", s.contactAdd(), s.contactList(), s.contactRemove())
}

func (s *session) contactAdd() *cobra.Command {
	var email, phone string
	var watch bool
	cmd := s.leaf("add SITE --email ADDRESS | --phone NUMBER", "contact.add", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		if (email == "") == (phone == "") {
			return s.misread("contact.add.one", nil)
		}
		o := core.ContactOrder{Kind: core.ContactEmail, Address: email, Watch: watch}
		if phone != "" {
			o.Kind, o.Address = core.ContactPhone, phone
		}
		added, err := s.console.AddContact(cmd.Context(), s.actor, args[0], o)
		if err != nil {
			return err
		}
		return s.showContacts(cmd.Context(), args[0], []core.ContactInfo{added}, view.JSONContact(added))
	})
	s.flag(cmd, &email, "email")
	s.flag(cmd, &phone, "phone")
	cmd.Flags().BoolVar(&watch, "watch", false, s.text("flag.watch", nil))
	return s.machine(cmd)
}

func (s *session) contactList() *cobra.Command {
	return s.machine(s.leaf("list SITE", "contact.list", s.exactly("SITE"), func(cmd *cobra.Command, args []string) error {
		info, err := s.console.Site(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		return s.list(view.Contacts(s.env.Lang, info.Zone, info.Contacts), view.List(info.Contacts, view.JSONContact), "contact.list.empty")
	}))
}

// showContacts shows contacts of a site in the site's own time zone.
func (s *session) showContacts(ctx context.Context, site string, list []core.ContactInfo, form any) error {
	zone := ""
	if info, err := s.console.Site(ctx, s.actor, site); err == nil { // else in UTC: the change itself is done
		zone = info.Zone
	}
	return s.list(view.Contacts(s.env.Lang, zone, list), form, "")
}

func (s *session) contactRemove() *cobra.Command {
	return s.leaf("remove SITE NUMBER", "contact.remove", s.exactly("SITE", "NUMBER"), func(cmd *cobra.Command, args []string) error {
		if err := s.console.RemoveContact(cmd.Context(), s.actor, args[0], args[1]); err != nil {
			return err
		}
		s.tell(s.text("contact.remove.done", map[string]any{"Site": args[0], "Contact": args[1]}))
		return nil
	})
}
