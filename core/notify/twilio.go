package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"breakglass/core"
)

// TwilioOptions is what a [Twilio] channel is built from.
type TwilioOptions struct {
	Account string      // the account's SID
	User    string      // an API key's SID; "": the account's
	Secret  core.Secret // that key's secret, or the account's token
	From    string      // a number in E.164 form, a sender's name, or a messaging service's SID (MG…)
	Base    string      // the provider's URL, "" for the usual one
}

// Twilio sends SMS by Twilio's Messages resource. Make it with [NewTwilio]; it
// is safe for concurrent use.
type Twilio struct {
	options TwilioOptions
	url     string
	client  *http.Client
}

const (
	twilioBase = "https://api.twilio.com"
	// maxValidity is how long Twilio keeps an SMS at most, in seconds.
	maxValidity = 36000
)

var (
	sidForm    = regexp.MustCompile(`^[A-Za-z0-9]{2,64}$`)
	senderForm = regexp.MustCompile(`^[A-Za-z0-9 ]{1,11}$`)
)

// NewTwilio returns a channel, or says what is missing.
func NewTwilio(o TwilioOptions) (*Twilio, error) {
	if o.User == "" {
		o.User = o.Account
	}
	if o.Base == "" {
		o.Base = twilioBase
	}
	if !sidForm.MatchString(o.Account) || !sidForm.MatchString(o.User) || o.Secret.IsZero() {
		return nil, core.Refuse(core.ErrInvalid, "Twilio wants the account's SID and a secret, and where an API key is used its SID.")
	}
	if strings.HasPrefix(o.From, "+") {
		from, err := CheckAddress(core.ContactPhone, o.From)
		if err != nil {
			return nil, err
		}
		o.From = from
	} else if !isService(o.From) && !senderForm.MatchString(o.From) {
		return nil, core.Refuse(core.ErrInvalid, "Twilio wants a sender: a number like +15005550006, a name of 11 letters at most, or a messaging service (MG…).")
	}
	return &Twilio{
		options: o, client: newClient(),
		url: strings.TrimRight(o.Base, "/") + "/2010-04-01/Accounts/" + o.Account + "/Messages.json",
	}, nil
}

func isService(from string) bool { return strings.HasPrefix(from, "MG") && len(from) == 34 }

// Send implements [Channel]. Twilio is told how long the message is of use, so
// that a code which is stuck at a carrier does not arrive when it is dead.
func (t *Twilio) Send(ctx context.Context, e Envelope) Answer {
	form := url.Values{
		"To":             {e.To},
		"Body":           {e.Text.Body.Reveal()},
		"ValidityPeriod": {strconv.FormatInt(min(max(int64(e.Life/time.Second), 1), maxValidity), 10)},
	}
	sender := "From"
	if isService(t.options.From) {
		sender = "MessagingServiceSid"
	}
	form.Set(sender, t.options.From)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(form.Encode()))
	if err != nil {
		return Answer{Verdict: Misconfigured, Detail: "the SMS provider's address is not valid", Err: err}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.SetBasicAuth(t.options.User, t.options.Secret.Reveal())
	answer, err := t.client.Do(request)
	if err != nil {
		return unreachable(ctx, err)
	}
	body, err := io.ReadAll(answer.Body)
	err = errors.Join(err, answer.Body.Close())
	// A body that was cut changes nothing: the status has come.
	if answer.StatusCode == http.StatusCreated {
		return Answer{Verdict: Accepted, Detail: "accepted by the SMS provider", Err: err}
	}
	return twilioRefusal(answer, body, e.At)
}

// twilioFaults sorts the error codes that say more than the status, which is
// 400 for most of them.
var twilioFaults = map[int]struct {
	verdict Verdict
	text    string
}{
	20003: {Misconfigured, "the account or its secret is wrong"},
	20429: {Busy, "too many messages at once"},
	21211: {Rejected, "the number is not valid"},
	21212: {Misconfigured, "the sender is not valid"},
	21408: {Misconfigured, "the account may not send to that country"},
	21606: {Misconfigured, "the sender cannot send to that number"},
	21608: {Misconfigured, "a trial account sends to proved numbers only"},
	21610: {Rejected, "the number has unsubscribed by STOP"},
	21611: {Busy, "the sender's queue is full"},
	21612: {Rejected, "the number cannot be reached from this sender"},
	21614: {Rejected, "the number is not a mobile one"},
	21659: {Misconfigured, "the sender is not one of the account's numbers"},
	21660: {Misconfigured, "the sender is not one of the account's numbers"},
	21703: {Misconfigured, "the messaging service has no number"},
}

// twilioRefusal reads the error code. The sentence beside it repeats the number
// that was sent to, so it is left out.
func twilioRefusal(answer *http.Response, body []byte, now time.Time) Answer {
	var fault struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(body, &fault) != nil || fault.Code <= 0 || fault.Code > 999_999 {
		return refusal(answer.StatusCode, answer.Header, "", now)
	}
	why := fmt.Sprintf("error %d", fault.Code)
	known, ok := twilioFaults[fault.Code]
	if ok {
		why += ": " + known.text
	}
	a := refusal(answer.StatusCode, answer.Header, why, now)
	if ok && a.Verdict == Rejected {
		a.Verdict = known.verdict
	}
	return a
}
