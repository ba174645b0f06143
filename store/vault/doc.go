// Package vault is core's Vault on the disk: one folder, mode 0700, one file
// an archive, mode 0600.
//
// An archive that is being written is named ".partial-NAME" and shows nowhere.
// Seal syncs it, gives it its name and syncs the folder, so after a crash an
// archive is there whole or not at all; [Vault.Sweep] removes what is left of
// the rest. All names are resolved within the folder (os.Root), so that no
// name and no link leads out of it.
package vault
