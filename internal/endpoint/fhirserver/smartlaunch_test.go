package fhirserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trestle/internal/endpoint/fhirstore"
)

// asking is what an app sends to the authorization endpoint.
func (c *client) asking(change url.Values) url.Values {
	q := url.Values{"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {"http://app.example/back?x=1"}, "scope": {"launch/patient patient/*.rs"}, "state": {"s1"},
		"aud": {c.http.URL + "/fhir"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	for k, v := range change {
		q[k] = v
	}
	return q
}

// An EHR launches an app with a patient and an encounter in context; the id token says who is signed in.
func TestEHRLaunch(t *testing.T) {
	var clock clock
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART}}, Options{Store: wardStore(t), Now: clock.now})
	status, to, _ := c.browse("GET", "/auth/launcher?app=http%3A%2F%2Fapp.example%2Flaunch%3Fv%3D1&patient=p1&encounter=e0", nil)
	if status != 302 || to.Host != "app.example" || to.Query().Get("iss") != c.http.URL+"/fhir" || to.Query().Get("v") != "1" {
		t.Fatalf("%d %s", status, to)
	}
	launched := url.Values{"launch": {to.Query().Get("launch")}, "scope": {"launch openid fhirUser profile patient/*.rs online_access"}, "nonce": {"n1"}}
	r := c.token(200, redeeming(c.launch(launched).Get("code")))
	if r.at("patient") != "p1" || r.at("encounter") != "e0" || r.at("need_patient_banner") != "true" || r.at("refresh_token") == "" {
		t.Errorf("%s", r.body)
	}
	claims := c.verified(r.at("id_token"))
	if claims["iss"] != c.http.URL+"/fhir" || claims["aud"] != "app" || claims["nonce"] != "n1" || claims["fhirUser"] != c.http.URL+"/fhir/Practitioner/d1" || claims["sub"] == "" || claims["exp"].(float64) <= float64(clock.now().Unix()) {
		t.Errorf("%v", claims)
	}
	if i := c.oauth(200, "/auth/introspect", url.Values{"token": {r.at("access_token")}}); i.at("sub") != claims["sub"] || i.at("encounter") != "e0" || i.at("patient") != "p1" || i.at("client_id") != "app" || i.at("fhirUser") != claims["fhirUser"] {
		t.Errorf("%s", i.body)
	}
	// The user can be another, and the window's one click gives the same parameter.
	launched.Set("launch", c.s.Launch(Launch{Patient: "p2", User: "Practitioner/d9"}))
	if r := c.token(200, redeeming(c.launch(launched).Get("code"))); r.at("patient") != "p2" || r.at("encounter") != "" || c.verified(r.at("id_token"))["fhirUser"] != c.http.URL+"/fhir/Practitioner/d9" {
		t.Errorf("%s", r.body)
	}
	clock.pass(6 * time.Minute)
	if got := c.launch(launched).Get("error"); got != "invalid_request" {
		t.Errorf("a launch that is too old: %s", got)
	}
	if got := c.launch(url.Values{"launch": {"made-up"}}).Get("error"); got != "invalid_request" {
		t.Errorf("%s", got)
	}
	if status, _, page := c.browse("GET", "/auth/launcher", nil); status != 200 || !strings.Contains(page, `<option value="p2">`) {
		t.Errorf("%d %s", status, page)
	}
	if status, _, _ := c.browse("GET", "/auth/launcher?app=javascript:alert(1)", nil); status != 400 {
		t.Errorf("%d", status)
	}
	if serving(t, Config{}, Options{}).s.Launch(Launch{}) != "" {
		t.Error("a server without SMART launches nothing")
	}
}

// verified checks an id token with the keys that are published, and returns its claims.
func (c *client) verified(token string) map[string]any {
	c.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		c.t.Fatalf("%q is no token", token)
	}
	set := c.want(200, "GET", "/.well-known/jwks.json", "")
	number := func(name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(set.at("keys", name))
		if err != nil {
			c.t.Fatal(err)
		}
		return new(big.Int).SetBytes(b)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		c.t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}, crypto.SHA256, sum[:], signature); err != nil {
		c.t.Error(err)
	}
	var header, claims map[string]any
	if err := errors.Join(decodePart(parts[0], &header), decodePart(parts[1], &claims)); err != nil || header["alg"] != "RS256" || header["kid"] != set.at("keys", "kid") {
		c.t.Errorf("%v %v", header, err)
	}
	return claims
}

// With a picker a person approves, and chooses the patient.
func TestPatientPicker(t *testing.T) {
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART, Picker: true}}, Options{Store: wardStore(t)})
	if _, err := c.s.store.Load(t.Context(), strings.NewReader(`{"resourceType":"Patient","id":"x","name":[{"family":"<script>"}]}`)); err != nil {
		t.Fatal(err)
	}
	ask := c.asking(url.Values{"client_id": {`<b>"app"`}})
	status, _, page := c.browse("GET", "/auth/authorize?"+ask.Encode(), nil)
	if status != 200 || !strings.Contains(page, `<option value="p2">`) || strings.Contains(page, "<script>") || strings.Contains(page, "<b>\"app") || !strings.Contains(page, "patient/*.rs") {
		t.Fatalf("%d %s", status, page)
	}
	ask = c.asking(url.Values{"patient": {"p2"}})
	status, to, _ := c.browse("POST", "/auth/pick", ask)
	if status != 302 || to.Query().Get("state") != "s1" {
		t.Fatalf("%d %s", status, to)
	}
	if r := c.token(200, redeeming(to.Query().Get("code"))); r.at("patient") != "p2" {
		t.Errorf("%s", r.body)
	}
	if _, to, _ := c.browse("POST", "/auth/pick", c.asking(url.Values{"deny": {"1"}})); to.Query().Get("error") != "access_denied" {
		t.Errorf("%s", to)
	}
	if _, to, _ := c.browse("POST", "/auth/pick", c.asking(url.Values{"patient": {"nobody"}})); to.Query().Get("error") != "invalid_request" {
		t.Errorf("%s", to)
	}
	// Where the launch names the patient only approval is asked for.
	launched := c.asking(url.Values{"launch": {c.s.Launch(Launch{Patient: "p1"})}, "scope": {"launch patient/*.rs"}})
	if _, _, page := c.browse("GET", "/auth/authorize?"+launched.Encode(), nil); strings.Contains(page, "<datalist") || !strings.Contains(page, "Allow") {
		t.Errorf("%s", page)
	}
	launched.Set("patient", "p2")
	if _, to, _ := c.browse("POST", "/auth/pick", launched); c.token(200, redeeming(to.Query().Get("code"))).at("patient") != "p1" {
		t.Error("the page changed the patient of the launch")
	}
}

func TestRevocation(t *testing.T) {
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART}}, Options{Store: wardStore(t)})
	r := c.token(200, redeeming(c.launch(nil).Get("code")))
	other := c.token(200, redeeming(c.launch(nil).Get("code")))
	again := c.token(200, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.at("refresh_token")}, "client_id": {"app"}, "scope": {"patient/*.rs"}})
	if again.at("scope") != "patient/*.rs" {
		t.Errorf("%s", again.body)
	}
	c.token(400, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {again.at("refresh_token")}, "client_id": {"app"}, "scope": {"patient/*.cruds"}})
	// A public client need not say who it is; who says that it is another is refused.
	c.token(401, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {other.at("refresh_token")}, "client_id": {"stranger"}})
	other = c.token(200, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {other.at("refresh_token")}})
	c.oauth(200, "/auth/revoke", url.Values{"token": {"made-up"}, "client_id": {"app"}})
	c.oauth(401, "/auth/revoke", url.Values{"token": {again.at("refresh_token")}, "client_id": {"stranger"}})
	c.want(200, "GET", "/Patient/p1", "", "Authorization: Bearer "+again.at("access_token"))
	c.oauth(200, "/auth/revoke", url.Values{"token": {again.at("refresh_token")}, "client_id": {"app"}})
	for _, token := range []string{r.at("access_token"), again.at("access_token")} {
		c.want(401, "GET", "/Patient/p1", "", "Authorization: Bearer "+token)
		if i := c.oauth(200, "/auth/introspect", url.Values{"token": {token}}); i.at("active") != "false" {
			t.Errorf("%s", i.body)
		}
	}
	c.token(400, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {again.at("refresh_token")}, "client_id": {"app"}})
	c.want(200, "GET", "/Patient/p1", "", "Authorization: Bearer "+other.at("access_token"))
}

// Scopes of both versions cover what they say and no more.
func TestScopes(t *testing.T) {
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART}}, Options{Store: wardStore(t)})
	body := `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1-1"}]},"subject":{"reference":"Patient/p1"}}`
	for scopes, want := range map[string]string{
		//                                                        read o1, read o2, read o3, search, create, delete
		"user/Observation.read":                                     "200 200 200 3 403 403",
		"user/Observation.write":                                    "403 403 403 403 201 204",
		"user/*.*":                                                  "200 200 200 3 201 204",
		"user/Observation.r":                                        "200 200 200 403 403 403",
		"user/Observation.s":                                        "403 403 403 3 403 403",
		"user/Observation.c user/Patient.cruds":                     "403 403 403 403 201 403",
		"patient/Observation.rs":                                    "200 403 200 2 403 403",
		"patient/Observation.cruds":                                 "200 403 200 2 201 204",
		"user/Observation.rs?code=http://loinc.org|1-1":             "200 200 403 2 403 403",
		"patient/Observation.rs?code=http://loinc.org|1-1":          "200 403 403 1 403 403",
		"user/Observation.cruds?code=http://loinc.org|2-2":          "403 403 200 1 403 403",
		"user/Observation.rs?shoe=44":                               "403 403 403 0 403 403",
		"user/Observation.rs?code=1-1 user/Observation.rs?code=2-2": "200 200 200 3 403 403",
	} {
		r := c.token(200, redeeming(c.launch(url.Values{"scope": {scopes}}).Get("code")))
		bearer := "Authorization: Bearer " + r.at("access_token")
		var got []string
		for _, id := range []string{"o1", "o2", "o3"} {
			got = append(got, itoa(c.do("GET", "/Observation/"+id, "", bearer).StatusCode))
		}
		if found := c.do("GET", "/Observation?code:missing=false", "", bearer); found.StatusCode == 200 {
			got = append(got, found.at("total"))
		} else {
			got = append(got, itoa(found.StatusCode))
		}
		made := c.do("POST", "/Observation", body, bearer)
		got = append(got, itoa(made.StatusCode))
		target := "o1"
		if made.StatusCode == 201 {
			target = made.at("id")
		}
		gone := c.do("DELETE", "/Observation/"+target, "", bearer)
		if got = append(got, itoa(gone.StatusCode)); strings.Join(got, " ") != want {
			t.Errorf("%s: %s, not %s", scopes, strings.Join(got, " "), want)
		}
		if gone.StatusCode == 403 && made.StatusCode == 201 {
			if err := c.s.store.Change(t.Context(), func(tx *fhirstore.Tx) error { _, err := tx.Delete("Observation", target); return err }); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A client may publish its keys, and change them.
func TestKeysByAddress(t *testing.T) {
	keys := []*ecdsa.PrivateKey{newECKey(t), newECKey(t)}
	var at, asked atomic.Int64
	published := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		switch i := at.Load(); i {
		case 0, 1:
			point, _ := keys[i].PublicKey.Bytes()
			text := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
			fmt.Fprintf(w, `{"keys":[{"kty":"EC","kid":"k%d","crv":"P-384","x":%q,"y":%q}]}`, i, text(point[1:49]), text(point[49:]))
		case 2:
			w.WriteHeader(500)
		default:
			fmt.Fprint(w, "no keys")
		}
	}))
	defer published.Close()
	registered, err := ParseClients([]byte(`[{"client_id":"feed","jwks_uri":"` + published.URL + `/keys"},{"client_id":"web","jwks_uri":"` + published.URL + `/keys","redirect_uris":["http://app.example/back?x=1"],"scopes":["patient/*.rs","launch/patient"]}]`))
	if err != nil {
		t.Fatal(err)
	}
	var clock clock
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART, Clients: registered}}, Options{Store: wardStore(t), Now: clock.now})
	n := 0
	assertion := func(client string, key int) url.Values {
		n++
		text := signedES(t, keys[key], fmt.Sprint("k", key), map[string]any{"iss": client, "sub": client, "aud": c.http.URL + "/fhir/auth/token", "jti": fmt.Sprint(n), "exp": clock.now().Add(time.Minute).Unix()})
		return url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {text}}
	}
	backend := func(status, key int) {
		t.Helper()
		v := assertion("feed", key)
		v.Set("grant_type", "client_credentials")
		v.Set("scope", "system/*.rs")
		c.token(status, v)
	}
	backend(200, 0)
	backend(200, 0)
	if asked.Load() != 1 {
		t.Errorf("the keys were fetched %d times", asked.Load())
	}
	at.Store(1)
	backend(401, 1) // too soon to ask again
	clock.pass(time.Minute)
	backend(200, 1)
	backend(401, 0)
	at.Store(2)
	clock.pass(time.Hour)
	backend(401, 1)
	at.Store(3)
	backend(401, 1)
	at.Store(1)
	backend(200, 1)

	// An app that signs gets no token by its code alone, and only the scopes that it registered.
	code := func() url.Values {
		v := redeeming(c.launch(url.Values{"client_id": {"web"}, "scope": {"launch/patient patient/*.rs user/*.cruds"}}).Get("code"))
		v.Set("client_id", "web")
		return v
	}
	c.token(401, code())
	v := code()
	for k, x := range assertion("web", 1) {
		v[k] = x
	}
	if r := c.token(200, v); r.at("scope") != "launch/patient patient/*.rs" {
		t.Errorf("%s", r.body)
	}
	if got := c.launch(url.Values{"client_id": {"web"}, "redirect_uri": {"http://app.example/other"}}).Get("error"); got != "400" {
		t.Errorf("%s", got)
	}
	if _, err := ParseClients([]byte(`[{"client_id":"x","jwks_uri":"file:///etc/passwd"}]`)); err == nil {
		t.Error("that is no address")
	}
}

func newECKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signedES(t *testing.T, key *ecdsa.PrivateKey, kid string, claims map[string]any) string {
	t.Helper()
	text := ""
	for _, v := range []any{map[string]string{"alg": "ES384", "kid": kid}, claims} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		text += base64.RawURLEncoding.EncodeToString(b) + "."
	}
	text = text[:len(text)-1]
	sum := sha512.Sum384([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 96)
	r.FillBytes(b[:48])
	s.FillBytes(b[48:])
	return text + "." + base64.RawURLEncoding.EncodeToString(b)
}
