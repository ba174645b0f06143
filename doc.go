// Breakglass is the emergency door to a website's backup: its owner gets in
// without the web manager, takes a complete copy, and nothing else.
//
// This package is the command: it reads breakglass.yaml, builds the parts and
// wires them together. The rules live in breakglass/core.
package main
