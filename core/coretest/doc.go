// Package coretest is for tests only. It holds the contract suites that every
// implementation of a port of core must pass, and fakes of the ports.
//
// A second implementation of a port, on etcd or S3 say, starts here: its test
// calls [TestLedger] or [TestVault] with a function that opens it. The fakes
// pass the same suites, so what a rule's test shows on them holds on the disk.
//
// The fakes are meant for testing/synctest: they wait on channels, on
// contexts and on time alone, so a bubble in which they wait is durably
// blocked. Make them inside the bubble that uses them.
package coretest
