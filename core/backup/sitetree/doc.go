// Package sitetree is the files of a site as they may be seen: what lies below
// its root, and below the paths outside of it that the manager included. Nothing
// else on the machine has a name here.
//
// A newcomer starts with [Tree]. What is in it was put there by whoever may write
// to the site, an attacker among them, so that nothing is opened by a path that a
// link could bend: roots are os.Root, [OpenBelow] goes step by step, [Open] takes
// nothing but a regular file and waits for nobody, and [Tree.Resolve] says where
// a link leads without looking outside.
package sitetree
