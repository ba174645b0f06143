package command

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"breakglass/core/view"
)

// leaf makes a command that does something. Its texts are command.<id>.short
// and command.<id>.example; use is its usage line.
func (s *session) leaf(use, id string, args cobra.PositionalArgs, run func(*cobra.Command, []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: s.text(id+".short", nil), Example: s.text(id+".example", nil),
		Args: args, RunE: run, DisableFlagsInUseLine: true,
	}
}

// group makes a command that only holds others.
func (s *session) group(name string, subs ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use: name, Short: s.text(name+".short", nil), Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.help(cmd) },
	}
	group.AddCommand(subs...)
	return group
}

// flag adds a text flag described by command.flag.<name>.
func (s *session) flag(cmd *cobra.Command, into *string, name string) {
	cmd.Flags().StringVar(into, name, "", s.text("flag."+strings.ReplaceAll(name, "-", "_"), nil))
}

// machine adds --json.
func (s *session) machine(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&s.json, "json", false, s.text("flag.json", nil))
	return cmd
}

// helpCommand is "help" and "help COMMAND".
func (s *session) helpCommand(root *cobra.Command) *cobra.Command {
	return s.leaf("help [COMMAND]", "help", cobra.ArbitraryArgs, func(_ *cobra.Command, args []string) error {
		if err := s.understand(root, args); err != nil {
			return err
		}
		cmd, _, err := root.Find(args)
		if err != nil {
			return err
		}
		return s.help(cmd)
	})
}

// help writes what a command is for: its usage, what it does, its flags, an
// example; or for a group, and for the whole tree, the commands there are.
func (s *session) help(cmd *cobra.Command) error {
	var b strings.Builder
	if cmd.HasSubCommands() {
		s.describeGroup(&b, cmd)
	} else {
		s.describeLeaf(&b, cmd)
	}
	return s.print(b.String())
}

func (s *session) describeGroup(b *strings.Builder, cmd *cobra.Command) {
	if cmd == cmd.Root() {
		b.WriteString(s.text("root."+string(s.actor.Role), nil) + "\n\n")
	} else {
		b.WriteString(cmd.Short + "\n\n")
	}
	var t view.Table
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.HasSubCommands() {
				collect(sub)
				continue
			}
			t.Rows = append(t.Rows, []string{"  " + usage(sub), sub.Short})
		}
	}
	collect(cmd)
	b.WriteString(t.Text(0))
	b.WriteString("\n" + s.text("more", nil) + "\n")
}

func (s *session) describeLeaf(b *strings.Builder, cmd *cobra.Command) {
	b.WriteString(view.SSH(s.actor.Name, s.env.Host, s.env.Port) + " " + usage(cmd) + "\n\n")
	b.WriteString(cmd.Short + "\n")
	if cmd.Long != "" {
		b.WriteString("\n" + cmd.Long + "\n")
	}
	var t view.Table
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		kind, text := pflag.UnquoteUsage(f)
		t.Rows = append(t.Rows, []string{"  " + strings.TrimRight("--"+f.Name+" "+kind, " "), text})
	})
	if len(t.Rows) > 0 {
		b.WriteString("\n" + t.Text(0))
	}
	if cmd.Example != "" {
		b.WriteString("\n" + s.text("examples", nil) + "\n")
		for line := range strings.Lines(cmd.Example) {
			b.WriteString("  " + strings.TrimRight(line, "\n") + "\n")
		}
	}
}
