package whole

// CreateNamed is Create where the file system has no files without a name.
var CreateNamed = named

// Ours locks what this process has just made.
var Ours = ours
