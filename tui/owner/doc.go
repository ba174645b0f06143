// Package owner is the wizard that leads a site's owner from "my manager is
// gone" to a downloaded backup. Whoever reads it is frightened, is no technician
// and has never seen a terminal before: one sentence a page says what happens
// next, and one key does it.
//
// Where the wizard stands is not kept here. It is derived, by [Screen] each time
// it draws, from what the console has stored (core.OwnerState) and from the
// little that only this session knows: the token that it proved, and which of
// two neighbouring pages the person looks at. So whoever connects again lands
// where they were.
//
// A newcomer starts with place.go, which is the whole map, then screen.go.
package owner
