package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"breakglass/core"
	"breakglass/core/notify"
	"breakglass/core/safetext"

	"github.com/spf13/cobra"
)

// testTime is how long a provider has to take a test message.
const testTime = 15 * time.Second

// channelOrder is what the command line of channel test says.
type channelOrder struct{ config, to, kind string }

func channelCommand() *cobra.Command {
	group := &cobra.Command{
		Use: "channel", Short: "The ways that codes and notices leave by", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var o channelOrder
	test := &cobra.Command{
		Use: "test --to ADDRESS", Short: "Send a test message, and say what the provider answered",
		Long: "Test sends one message as the config says, at once and without a running console,\n" +
			"and says what the provider answered. That is not delivery: look whether it arrives.",
		Example: "  breakglass channel test --to you@example.com\n  breakglass channel test --to +31612345678\n  breakglass channel test --kind webhook",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
		},
	}
	configFlag(test, &o.config)
	test.Flags().StringVar(&o.to, "to", "", "the mail `ADDRESS` or phone number that the message goes to")
	test.Flags().StringVar(&o.kind, "kind", "", "`KIND` of message: email, sms or webhook; else by the address")
	group.AddCommand(test)
	return group
}

func (o channelOrder) run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	kind, err := o.kindOf()
	if err != nil {
		return err
	}
	c, err := readConfig(o.config)
	if err != nil {
		return err
	}
	to := c.Webhook.name()
	if kind != core.ContactWebhook {
		if to, err = notify.CheckAddress(kind, o.to); err != nil {
			return err
		}
	}
	ways, err := channels(c, nil, log)
	if err != nil {
		return err
	}
	way, ok := ways[kind]
	if !ok {
		return fmt.Errorf("no way to send by %s is set up in %s", kind, o.config)
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	now := time.Now()
	a := way.Send(ctx, notify.TestMessage("T-"+strconv.FormatInt(now.UnixNano(), 36), kind, to, c.Host, now))
	if a.Verdict != notify.Accepted {
		return fmt.Errorf("the test message did not leave by %s (%s): %s%s", kind, a.Verdict, a.Detail, cause(a.Err))
	}
	_, err = fmt.Fprintf(out, "The test message to %s left by %s: %s.\nThat is not delivery: look whether it arrives.\n", to, kind, a.Detail)
	return err
}

// kindOf is the kind that was asked for, or that of the address.
func (o channelOrder) kindOf() (core.ContactKind, error) {
	kind := core.ContactKind(o.kind)
	switch {
	case kind == core.ContactWebhook && o.to != "":
		return "", &usageError{errors.New("a webhook's address is in the config; leave --to out")}
	case kind == core.ContactWebhook:
		return kind, nil
	case o.to == "":
		return "", &usageError{errors.New("say where the message goes: --to you@example.com")}
	case kind == core.ContactEmail, kind == core.ContactPhone:
		return kind, nil
	case kind != "":
		return "", &usageError{fmt.Errorf("--kind is email, sms or webhook, not %q", o.kind)}
	case strings.Contains(o.to, "@"):
		return core.ContactEmail, nil
	default:
		return core.ContactPhone, nil
	}
}

// cause adds the error below, for whoever sits at the console's own computer.
func cause(err error) string {
	if err == nil {
		return ""
	}
	return ": " + safetext.Line(err.Error())
}
