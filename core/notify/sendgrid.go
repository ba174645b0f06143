package notify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"

	"breakglass/core"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"
)

// SendGrid sends mail by Twilio SendGrid's v3 interface. The request is built
// by its library and sent by a client of our own: the library's shares one
// client without a time limit among all its users. Make it with [NewSendGrid];
// it is safe for concurrent use.
type SendGrid struct {
	key    core.Secret
	from   string
	base   string
	client rest.Client
}

// NewSendGrid returns a channel that sends as from, a bare address that the
// account may send as. base is the provider's URL, "" for the usual one.
func NewSendGrid(key core.Secret, from, base string) (*SendGrid, error) {
	from, err := CheckAddress(core.ContactEmail, from)
	if err != nil {
		return nil, err
	}
	if key.IsZero() {
		return nil, core.Refuse(core.ErrInvalid, "SendGrid wants an API key.")
	}
	return &SendGrid{key: key, from: from, base: base, client: rest.Client{HTTPClient: newClient()}}, nil
}

// Send implements [Channel].
func (s *SendGrid) Send(ctx context.Context, e Envelope) Answer {
	request := sendgrid.GetRequest(s.key.Reveal(), "/v3/mail/send", s.base)
	request.Method = rest.Post
	request.Body = mail.GetRequestBody(s.message(e))
	answer, err := s.client.SendWithContext(ctx, request)
	if answer == nil {
		return unreachable(ctx, orUnknown(err))
	}
	// err may still be set, for a body that was cut: the status has come, and it
	// is what counts.
	if answer.StatusCode == http.StatusAccepted {
		return Answer{Verdict: Accepted, Detail: "accepted by the mail provider", Err: err}
	}
	return refusal(answer.StatusCode, http.Header(answer.Headers), sendGridField(answer.Body), e.At)
}

// message builds the mail: one recipient, plain text, nothing that tracks who
// reads it.
func (s *SendGrid) message(e Envelope) *mail.SGMailV3 {
	to := mail.NewPersonalization()
	to.AddTos(mail.NewEmail("", e.To))
	to.SetCustomArg("delivery_id", e.ID)
	no := false
	m := mail.NewV3Mail().SetFrom(mail.NewEmail("", s.from)).AddPersonalizations(to).
		AddContent(mail.NewContent("text/plain", e.Text.Body.Reveal())).
		SetHeader("Auto-Submitted", "auto-generated").
		SetTrackingSettings(mail.NewTrackingSettings().
			SetClickTracking(&mail.ClickTrackingSetting{Enable: &no, EnableText: &no}).
			SetOpenTracking(&mail.OpenTrackingSetting{Enable: &no}).
			SetSubscriptionTracking(&mail.SubscriptionTrackingSetting{Enable: &no}).
			SetGoogleAnalytics(&mail.GaSetting{Enable: &no}))
	m.Subject = e.Text.Subject
	if e.Code {
		// Once bounced must not mean never again for the one message that opens the door.
		m.SetMailSettings(mail.NewMailSettings().SetBypassListManagement(mail.NewSetting(true)))
	}
	return m
}

// fieldForm is the path of a field, such as personalizations.0.to.0.email.
var fieldForm = regexp.MustCompile(`^[a-z0-9_.\[\]]{1,60}$`)

// sendGridField reads which field of the request was refused. The sentence
// beside it may repeat an address, so it is left out.
func sendGridField(body string) string {
	var answer struct {
		Errors []struct {
			Field string `json:"field"`
		} `json:"errors"`
	}
	if json.Unmarshal([]byte(body), &answer) != nil || len(answer.Errors) == 0 || !fieldForm.MatchString(answer.Errors[0].Field) {
		return ""
	}
	return "field " + answer.Errors[0].Field
}

func orUnknown(err error) error {
	if err == nil {
		return errors.New("no answer and no error")
	}
	return err
}
