package core_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"breakglass/core"
	"breakglass/core/audit"
	"breakglass/core/safetext"
)

// tricks are what somebody may have got into a line of the log: escape
// sequences, line breaks, bidi controls, and what each format means by itself.
var tricks = []string{
	"\x1b[2J\x1b]0;title\x07gone", "one\ntwo\r\nthree", "<13>1 2026-11-24T12:00:00Z forged - - - - x", "a\u202egnp.exe\u2066",
	`"] x="y`, `\`, `\"`, `\\]`, `a=b c=d|e|f`, "CEF:0|forged|x|1|a|b|9|", "nul\x00byte", "\xff\xfe", "{\"seq\":1}", "é “quoted” <&>", "\u2028\u2029\u0085", "",
}

// tricked is a world whose log holds every trick in every place.
func tricked(w *world) {
	w.t.Helper()
	now := w.clock.Now()
	w.check(w.ledger.Update(w.t.Context(), func(tx core.Tx) error {
		for _, trick := range tricks {
			p := audit.Personal{Salt: []byte("0123456789abcdef"), Fields: map[string]string{"remote": trick, "reason": trick}}
			seq, err := audit.Append(tx.Log(), audit.Leaf{
				Actor: trick, Verb: trick, Site: "acme" + trick, Request: trick, Grant: trick, From: trick, To: trick, Result: trick,
				Data: map[string]string{"x" + trick: trick}, Personal: p.Commitments(), Time: now,
			})
			data, err2 := p.Encode()
			if err := errors.Join(err, err2, tx.Log().PutPersonal("logins", seq, data)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// exported returns the lines of an export, one an entry and the checkpoint.
func (w *world) exported(format core.LogFormat) []string {
	w.t.Helper()
	var out bytes.Buffer
	w.check(w.console.ExportLog(w.t.Context(), w.ada, format, &out))
	for _, r := range strings.ReplaceAll(out.String(), "\n", "") {
		if r == unicode.ReplacementChar {
			continue
		}
		if !unicode.IsPrint(r) && r != ' ' {
			w.t.Fatalf("%s: %U stands in it", format, r)
		}
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if int64(len(lines)) != w.size()+1 {
		w.t.Errorf("%s: %d lines of %d entries and a checkpoint", format, len(lines), w.size())
	}
	return lines
}

var (
	rfc5424 = regexp.MustCompile(`^<1(08|09)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [!-~]{1,255} breakglass - [!-~]{1,32} ` +
		`\[breakglass@32473(( [!#-<>-\\^-~]{1,32}="([^"\\\]]|\\["\\\]])*")*)\] [!-~]+$`)
	syslogParam = regexp.MustCompile(` ([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"`)
	cef         = regexp.MustCompile(`^CEF:0\|breakglass\|breakglass\|1\|([^|\\]|\\[|\\])*\|([^|\\]|\\[|\\])*\|[37]\|(.*)$`)
	cefPair     = regexp.MustCompile(`(\w+)=((?:[^=\\]|\\[=\\])*?)(?: (?:\w+)=|$)`)
)

func TestSyslogKeepsItsForm(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.backUp(w.access())
		first := w.size()
		tricked(w)
		lines := w.exported(core.LogSyslog)
		unescape := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\]`, `]`)
		for i, l := range lines {
			m := rfc5424.FindStringSubmatch(l)
			if m == nil {
				t.Errorf("no message of RFC 5424: %s", l)
				continue
			}
			trick := int64(i) - first
			if trick < 0 || trick >= int64(len(tricks)) || safetext.Line(tricks[trick]) == "" {
				continue
			}
			found := map[string]string{}
			for _, p := range syslogParam.FindAllStringSubmatch(m[2], -1) {
				found[p[1]] = unescape.Replace(p[2])
			}
			for _, name := range []string{"actor", "request", "from", "to", "result", "personal.reason"} {
				if found[name] != safetext.Line(tricks[trick]) {
					t.Errorf("%s of %q is %q", name, tricks[trick], found[name])
				}
			}
		}
	})
}

func TestCEFKeepsItsForm(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.backUp(w.access())
		tricked(w)
		remote := false
		for _, l := range w.exported(core.LogCEF) {
			m := cef.FindStringSubmatch(l)
			if m == nil {
				t.Errorf("no CEF: %s", l)
				continue
			}
			extension := m[3]
			if bare := regexp.MustCompile(`(^|[^\\])(\\\\)*=`).FindAllString(extension, -1); len(bare) != len(regexp.MustCompile(`(?:^| )\w+=`).FindAllString(extension, -1)) {
				t.Errorf("an = that is none: %s", extension)
			}
			for _, key := range cefPair.FindAllStringSubmatch(extension, -1) {
				if !regexp.MustCompile(`^(rt|externalId|dvchost|suser|outcome|src|c6a2|c6a2Label|cs[1-6]|cs[1-6]Label|msg)$`).MatchString(key[1]) {
					t.Errorf("%q is no key of ours in %s", key[1], extension)
				}
			}
			remote = remote || strings.Contains(extension, " src=198.51.100.9 ")
		}
		if !remote {
			t.Error("nobody came from anywhere")
		}
	})
}

func TestOCSFIsWhole(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.backUp(w.access())
		w.check(w.console.LoggedIn(t.Context(), w.owner))
		tricked(w)
		classes := map[float64]int{}
		for _, l := range w.exported(core.LogOCSF) {
			var e map[string]any
			if err := json.Unmarshal([]byte(l), &e); err != nil {
				t.Fatalf("%v: %s", err, l)
			}
			for _, name := range []string{"activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time", "metadata", "actor", "src_endpoint"} {
				if e[name] == nil {
					t.Errorf("%s is missing: %s", name, l)
				}
			}
			class := e["class_uid"].(float64)
			if e["type_uid"] != class*100+e["activity_id"].(float64) || e["category_uid"] != float64(int(class)/1000) {
				t.Errorf("its numbers do not fit: %s", l)
			}
			classes[class]++
		}
		if classes[3002] == 0 || classes[6003] == 0 || len(classes) != 2 {
			t.Errorf("%v", classes)
		}
	})
}

// What is exported as JSONL verifies, whatever stands in it.
func TestTricksVerify(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		tricked(w)
		var out bytes.Buffer
		w.check(w.console.ExportLog(t.Context(), w.ada, core.LogJSONL, &out))
		r, err := audit.Verify(&out, audit.VerifyOptions{Verifier: w.verifier})
		if err != nil || r.Lines != w.size() || r.Erased != 0 {
			t.Errorf("%+v, %v", r, err)
		}
		w.refused(core.ErrInvalid, w.console.ExportLog(t.Context(), w.ada, "xml", &out))
	})
}

// Checkpoints and proofs are for who may read all of the log, and handing one
// out is a reading.
func TestCheckpointsAndProofs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(w.console.AddPerson(t.Context(), w.eva, core.PersonOrder{ID: "sam", Role: core.RoleManager, Key: publicKey('s'), Sites: []string{"acme"}}))
		sam := w.person("sam")
		for _, a := range []core.Actor{sam, w.owner, {}} {
			_, err := w.console.LogCheckpoint(t.Context(), a)
			w.refused(core.ErrDenied, err)
			_, err = w.console.ProveLog(t.Context(), a, 0, "")
			w.refused(core.ErrDenied, err)
		}
		elder, err := w.console.LogCheckpoint(t.Context(), w.ada)
		w.check(err)
		if w.count(core.EventLogRead) != 1 {
			t.Error("it was read unlogged")
		}
		w.access()
		o := audit.VerifyOptions{Verifier: w.verifier, Pinned: elder}
		for seq := range w.size() {
			proof, err := w.console.ProveLog(t.Context(), w.ada, seq, elder)
			w.check(err)
			if leaf, err := proof.Check(o); err != nil || leaf.Seq != seq {
				t.Errorf("line %d: %+v, %v", seq, leaf, err)
			}
		}
		for since, kind := range map[string]error{"hello": core.ErrInvalid, "0": core.ErrInvalid, "9999": core.ErrInvalid, strings.Replace(elder, "\n", "\n1", 1): core.ErrInvalid} {
			_, err := w.console.ProveLog(t.Context(), w.ada, 0, since)
			w.refused(kind, err)
		}
		forged, err := newWorld(t).console.Checkpoint(t.Context())
		w.check(err)
		_, err = w.console.ProveLog(t.Context(), w.ada, 0, forged)
		w.refused(core.ErrInvalid, err)
		for _, seq := range []int64{-1, w.size()} {
			_, err := w.console.ProveLog(t.Context(), w.ada, seq, "")
			w.refused(core.ErrNotFound, err)
		}
	})
}
