package audit

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What is read quickly is what encoding/json reads, and what lies beside a leaf is
// then in the one form that it is written in.
func FuzzQuick(f *testing.F) {
	for _, seed := range []string{
		`{"actor":"a","data":{"x":"y","z":""},"from":"f","grant":"G","personal":{"p":"00"},"request":"R","result":"ok","seq":7,"site":"s","time":"2026-11-23T23:01:42.5Z","to":"t","verb":"v"}`,
		`{"seq":0,"time":"0001-01-01T00:00:00Z","verb":""}`, `{"seq":01,"time":"x","verb":"v"}`, `{"seq":-1}`, `{}`, `{"data":{}}`,
		`{"owner:acme":{"salt":"MDEyMzQ1Njc4OWFiY2RlZg==","fields":{"factor":"k","remote":"198.51.100.9"}}}`,
		`{"a":{"salt":"MDEyMzQ1Njc4OWFiY2RlZg==","fields":{"x":"<&>"}},"b":{"salt":"MDEy","fields":{"y":"\u00e9"}}}`,
		`{"verb":"a","verb":"b"}`, `{"verb":"a"} `, `{"Verb":"a"}`, `{"verb":"é"}`, "{\"verb\":\"\x7f\"}", `{"a":{"salt":"AB==","fields":{"x":"y"}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		used := &maps{all: []map[string]string{{"of": "another line"}}}
		if quick, ok := quickLeaf(data, used); ok {
			leaf, err := DecodeLeaf([]byte(data))
			if err != nil || !reflect.DeepEqual(leaf, quick) {
				t.Errorf("%q is %+v, and quickly %+v, %v", data, leaf, quick, err)
			}
		}
		if quick, ok := quickPersonal(data, used); ok {
			var beside map[string]Personal
			if err := json.Unmarshal([]byte(data), &beside); err != nil || !reflect.DeepEqual(beside, quick) {
				t.Errorf("%q is %+v, and quickly %+v, %v", data, beside, quick, err)
			}
			if again, err := encodeLine(beside); err != nil || string(bytes.TrimSuffix(again, []byte("\n"))) != data {
				t.Errorf("%q was taken in another form than %q: %v", data, again, err)
			}
		}
	})
}

// The lines of a console are read quickly: else nothing would be gained.
func TestUsualLinesAreReadQuickly(t *testing.T) {
	p := Personal{Salt: []byte("0123456789abcdef"), Fields: map[string]string{"remote": "198.51.100.9", "factor": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}}
	leaf := Leaf{
		Actor: "owner:acme", Verb: "request.code_sent", Site: "acme", Request: "R-7M2KQ4XA", From: "drafted", To: "code_sent", Seq: 12,
		Data: map[string]string{"channel": "email", "send": "1"}, Time: time.Date(2026, 11, 24, 14, 0, 0, 123456789, time.UTC), Personal: p.Commitments(),
	}
	data, err := leaf.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if quick, ok := quickLeaf(string(data), nil); !ok || !reflect.DeepEqual(quick, leaf) {
		t.Errorf("%t, %+v", ok, quick)
	}
	line, err := encodeLine(map[string]Personal{"owner:acme": p})
	if err != nil {
		t.Fatal(err)
	}
	if quick, ok := quickPersonal(strings.TrimSpace(string(line)), nil); !ok || !reflect.DeepEqual(quick["owner:acme"], p) {
		t.Errorf("%t, %+v", ok, quick)
	}
}
