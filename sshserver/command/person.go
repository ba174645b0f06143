package command

import (
	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/view"
)

// people is "person add|list|remove|forget".
func (s *session) people() *cobra.Command {
	return s.group("person", s.personAdd(), s.personList(), s.personRemove(), s.personForget())
}

func (s *session) personAdd() *cobra.Command {
	var o core.PersonOrder
	var role string
	cmd := s.leaf("add NAME --role ROLE [KEY | -]", "person.add", s.atLeast("NAME"), func(cmd *cobra.Command, args []string) error {
		if o.Role = core.Role(role); o.Role != core.RoleManager && o.Role != core.RoleAuditor {
			return s.misread("person.add.role", nil)
		}
		given := args[1:]
		if o.Key != "" && len(given) > 0 {
			return s.misread("too_many", map[string]any{"Word": quote(given[0])})
		}
		if o.Key != "" {
			given = []string{o.Key}
		}
		key, err := s.publicKey(cmd.Context(), given)
		if err != nil {
			return err
		}
		o.ID, o.Key = args[0], key
		person, err := s.console.AddPerson(cmd.Context(), s.actor, o)
		if err != nil {
			return err
		}
		return s.list(view.People(s.env.Lang, []core.Person{person}), view.JSONPerson(person), "")
	})
	s.flag(cmd, &role, "role")
	s.flag(cmd, &o.Key, "key")
	cmd.Flags().StringVar(&o.Email, "email", "", s.text("flag.person_email", nil))
	cmd.Flags().StringVar(&o.Phone, "phone", "", s.text("flag.person_phone", nil))
	s.flag(cmd, &o.Lang, "lang")
	cmd.Flags().StringSliceVar(&o.Sites, "sites", nil, s.text("flag.sites", nil))
	cmd.Flags().StringSliceVar(&o.Roots, "roots", nil, s.text("flag.roots", nil))
	return s.machine(cmd)
}

func (s *session) personList() *cobra.Command {
	return s.machine(s.leaf("list", "person.list", s.exactly(), func(cmd *cobra.Command, _ []string) error {
		list, err := s.console.People(cmd.Context(), s.actor)
		if err != nil {
			return err
		}
		return s.list(view.People(s.env.Lang, list), view.List(list, view.JSONPerson), "person.list.empty")
	}))
}

func (s *session) personRemove() *cobra.Command {
	return s.leaf("remove NAME", "person.remove", s.exactly("NAME"), func(cmd *cobra.Command, args []string) error {
		if err := s.console.RemovePerson(cmd.Context(), s.actor, args[0]); err != nil {
			return err
		}
		s.tell(s.text("person.remove.done", map[string]any{"Name": args[0]}))
		return nil
	})
}
