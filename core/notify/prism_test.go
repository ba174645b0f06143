package notify

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakglass/core"
)

// prismDir is where `task setup` puts Prism and the providers' descriptions.
const prismDir = "../../.task/prism"

// prismTime bounds what npm and Prism may take.
const prismTime = 5 * time.Minute

// prism is a server that answers as a provider's own OpenAPI description says,
// and refuses what does not fit it.
type prism struct {
	*httptest.Server
	code string // of the described answers, the one to give; "": the success
}

// newPrism serves one path of a description. prefix is what the description's
// server adds to its paths.
func newPrism(t *testing.T, description, prefix, path string) *prism {
	t.Helper()
	setUp, cancel := context.WithTimeout(t.Context(), prismTime)
	defer cancel()
	if out, err := exec.CommandContext(setUp, "sh", "testdata/prism.sh", prismDir).CombinedOutput(); err != nil {
		t.Fatalf("Prism could not be installed; npm and the npm registry are needed: %v\n%s", err, out)
	}
	spec := filepath.Join(t.TempDir(), description)
	if err := os.WriteFile(spec, cutDescription(t, filepath.Join(prismDir, description), prefix, path), 0o600); err != nil {
		t.Fatal(err)
	}
	inner, err := url.Parse(startPrism(t, spec))
	if err != nil {
		t.Fatal(err)
	}
	p := &prism{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(inner)
		if p.code != "" {
			r.Out.Header.Set("Prefer", "code="+p.code)
		}
	}}
	p.Server = httptest.NewServer(forward)
	t.Cleanup(p.Close)
	return p
}

// cutDescription leaves of a description the one path that we use, and what it
// refers to.
func cutDescription(t *testing.T, file, prefix, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	used, ok := whole["paths"].(map[string]any)[path].(map[string]any)
	if !ok {
		t.Fatalf("%s does not describe %s", file, path)
	}
	delete(used, "servers")
	cut := map[string]any{
		"openapi": whole["openapi"], "info": whole["info"], "paths": map[string]any{prefix + path: map[string]any{"post": used["post"], "parameters": used["parameters"]}},
		"components": map[string]any{},
	}
	if used["parameters"] == nil {
		delete(cut["paths"].(map[string]any)[prefix+path].(map[string]any), "parameters")
	}
	components := cut["components"].(map[string]any)
	if security := whole["components"].(map[string]any)["securitySchemes"]; security != nil {
		components["securitySchemes"] = security
	}
	for pending := []any{cut["paths"]}; len(pending) > 0; {
		var next []any
		for _, reference := range references(pending[0]) {
			kind, name, _ := strings.Cut(strings.TrimPrefix(reference, "#/components/"), "/")
			group, ok := components[kind].(map[string]any)
			if !ok {
				group = map[string]any{}
				components[kind] = group
			}
			if _, there := group[name]; !there {
				group[name] = whole["components"].(map[string]any)[kind].(map[string]any)[name]
				next = append(next, group[name])
			}
		}
		pending = append(pending[1:], next...)
	}
	out, err := json.Marshal(cut)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// references lists what a part of a description refers to.
func references(v any) (found []string) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if text, ok := value.(string); ok && key == "$ref" {
				found = append(found, text)
			}
			found = append(found, references(value)...)
		}
	case []any:
		for _, value := range v {
			found = append(found, references(value)...)
		}
	}
	return found
}

// startPrism runs Prism on a description and returns its URL.
func startPrism(t *testing.T, spec string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), prismTime)
	cmd := exec.CommandContext(ctx, "node", filepath.Join(prismDir, "node_modules/@stoplight/prism-cli/dist/index.js"),
		"mock", "--errors", "--host", "127.0.0.1", "--port", fmt.Sprint(address.Port), spec)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "listening on") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return "http://" + address.String()
		}
	}
	t.Fatalf("Prism did not start:\n%s", said.String())
	return ""
}

// post sends a body as it is and returns the status.
func (p *prism) post(t *testing.T, path, kind, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	request.SetBasicAuth("user", "secret")
	request.Header.Add("Authorization", "Bearer x")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// What we send is what SendGrid describes, and what it describes to answer is
// understood.
func TestSendGridByItsDescription(t *testing.T) {
	p := newPrism(t, "sendgrid.json", "/v3", "/mail/send")
	if got := p.post(t, "/v3/mail/send", "application/json", `{"subject": 7}`); got/100 != 4 {
		t.Fatalf("Prism lets anything through: %d", got)
	}
	channel := sendGridTo(t, p.URL)
	code := letter(core.ContactEmail)
	plain := code
	plain.Code = false
	for name, e := range map[string]Envelope{"a code": code, "a notice": plain} {
		if a := channel.Send(t.Context(), e); a.Verdict != Accepted || a.Err != nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for status, want := range map[string]Verdict{
		"400": Rejected, "401": Misconfigured, "403": Misconfigured, "404": Rejected, "413": Rejected, "500": Unreachable,
	} {
		p.code = status
		if a := channel.Send(t.Context(), code); a.Verdict != want || !strings.Contains(a.Detail, status) {
			t.Errorf("%s: got %v: %s (%v)", status, a.Verdict, a.Detail, a.Err)
		}
	}
}

// What we send is what Twilio describes, from a number and from a messaging
// service.
func TestTwilioByItsDescription(t *testing.T) {
	const account = "AC0123456789abcdef0123456789abcdef"
	p := newPrism(t, "twilio.json", "", "/2010-04-01/Accounts/{AccountSid}/Messages.json")
	if got := p.post(t, "/2010-04-01/Accounts/"+account+"/Messages.json", "application/x-www-form-urlencoded", "Body=x&ValidityPeriod=soon"); got/100 != 4 {
		t.Fatalf("Prism lets anything through: %d", got)
	}
	for _, from := range []string{"+12024561111", "MG0123456789abcdef0123456789abcdef"} {
		channel, err := NewTwilio(TwilioOptions{Account: account, User: "SK0123456789abcdef0123456789abcdef", Secret: secretOf("s3cret"), From: from, Base: p.URL})
		if err != nil {
			t.Fatal(err)
		}
		if a := channel.Send(t.Context(), letter(core.ContactPhone)); a.Verdict != Accepted || a.Err != nil {
			t.Errorf("from %s: %+v", from, a)
		}
	}
}
