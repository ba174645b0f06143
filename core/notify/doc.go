// Package notify carries the outbox of a console to the people it is for: it
// checks addresses, words the messages, and hands each to a provider.
//
// A newcomer starts with [Courier]. It takes the rows that core's transactions
// have queued, words each one at the moment it goes out ([Render]), gives it to
// the [Channel] of its kind, and records what the provider said. What it owes
// to a person in an emergency are four promises:
//
//   - An attempt is counted, durably, before anything leaves; what a crash left
//     in "sending" is sent once more.
//   - A code that no provider accepted within 30 s also goes by the other
//     channel, and one whose life is over is never sent.
//   - One provider that hangs, or one address that is wrong, delays nobody else.
//   - A notice is tried for as long as its row lives, 72 h, and never holds a
//     code; every mail carries the log's signed checkpoint, so that each mailbox
//     is a witness.
//
// [SendGrid], [SMTP] and [Twilio] are the channels of a real console, [File] that
// of a demo; [Webhook] tells a manager's chat or pager, and never a code. A
// channel only says what it was told ([Answer]); when to try again, when to give
// up and when to leave a provider alone for a while is the courier's.
package notify
