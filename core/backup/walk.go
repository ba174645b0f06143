package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"breakglass/core/backup/sitetree"
)

// errSkip, returned by a visit of a directory, leaves out what is in it.
var errSkip = errors.New("skip this directory")

// visit is called for all that a walk finds, with the path below the root. err
// says that it could not be looked at; for a directory visited before, that it
// could not be listed.
type visit func(relative string, info fs.FileInfo, err error) error

// visitAt is visit with a shorter way to the same thing: a path below a folder
// that is open. Who uses it after it has returned keeps the folder.
type visitAt func(relative string, in *folder, at string, info fs.FileInfo, err error) error

// walkTree walks a site in order: a directory, then its sorted entries, and then
// what the manager included in the same way. It holds one list of names for each
// level that it is in, and follows no link.
func walkTree(ctx context.Context, t *sitetree.Tree, f visit) error {
	return walkFolders(ctx, t, func(relative string, _ *folder, _ string, info fs.FileInfo, err error) error {
		return f(relative, info, err)
	})
}

// walkFolders is walkTree with the folders that it has open.
func walkFolders(ctx context.Context, t *sitetree.Tree, f visitAt) error {
	if err := walkFrom(ctx, &folder{root: t.Root, lent: true}, ".", ".", f); err != nil {
		return err
	}
	for _, in := range t.More { // each by its own name
		at := "."
		if in.File != "" {
			at = in.File
		}
		if err := walkFrom(ctx, &folder{root: in.Root, lent: true}, at, in.Path, f); err != nil {
			return err
		}
	}
	return nil
}

// walkFrom walks what lies at a path below a folder.
func walkFrom(ctx context.Context, top *folder, at, name string, f visitAt) error {
	info, err := top.root.Lstat(at)
	if err := f(name, top, at, info, err); err != nil {
		return ignoreSkip(err)
	}
	if err != nil || !info.IsDir() {
		return nil
	}
	return walkDir(ctx, top, at, name, f)
}

func ignoreSkip(err error) error {
	if errors.Is(err, errSkip) {
		return nil
	}
	return err
}

// walkDir walks the directory at a path below an open folder.
func walkDir(ctx context.Context, in *folder, at, dir string, f visitAt) error {
	names, err := sitetree.ListAt(in.root, at, dir)
	if err != nil {
		return ignoreSkip(f(dir, in, at, nil, err))
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return fmt.Errorf("walk: %w", context.Cause(ctx))
		}
		relative, below := sitetree.Join(dir, name), sitetree.Join(at, name)
		info, err := in.root.Lstat(below)
		if err := f(relative, in, below, info, err); err != nil {
			if errors.Is(err, errSkip) {
				continue
			}
			return err
		}
		if err == nil && info.IsDir() {
			if err := walkBelow(ctx, in, below, relative, info, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// walkBelow walks a directory that was just met, in a folder of its own if there
// is one to be had.
func walkBelow(ctx context.Context, in *folder, at, relative string, info fs.FileInfo, f visitAt) error {
	own := in.open(at, info)
	if own == nil {
		return walkDir(ctx, in, at, relative, f)
	}
	defer own.free()
	return walkDir(ctx, own, ".", relative, f)
}
