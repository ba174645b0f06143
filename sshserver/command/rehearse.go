package command

import (
	"github.com/spf13/cobra"

	"breakglass/core"
	"breakglass/core/view"
)

// rehearse is "rehearse SITE|ARCHIVE": a manager's drill. Its status says whether
// the archive is proved.
func (s *session) rehearse() *cobra.Command {
	cmd := s.leaf("rehearse SITE|ARCHIVE", "rehearse", s.exactly("SITE|ARCHIVE"), func(cmd *cobra.Command, args []string) error {
		archive, err := s.console.Rehearse(cmd.Context(), s.actor, args[0])
		if err != nil {
			return err
		}
		if s.json {
			err = view.WriteJSON(s.Out, view.JSONArchive(archive))
		} else {
			err = s.print(archive.Name + ": " + view.Rehearsal(s.env.Lang, "", archive) + "\n")
		}
		if err == nil && !archive.Rehearsal.Good() {
			err = core.Refuse(core.ErrState, "%s", s.text("rehearse.unproved", map[string]any{"Archive": archive.Name}))
		}
		return err
	})
	return s.machine(cmd)
}
