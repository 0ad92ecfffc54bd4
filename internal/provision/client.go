package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/domain"
)

// requestLimit is how long one request that changes settings may take; InfluxDB answers in milliseconds.
const requestLimit = 30 * time.Second

// client is InfluxDB's API as somebody.
type client struct {
	*domain.Client
	http *http.Client
	who  func(*http.Request) // nil: nobody, or whom the cookie names
}

func newClient(url string) *client {
	jar, _ := cookiejar.New(nil) // never fails
	c := &client{http: &http.Client{Transport: newTransport(), Jar: jar, Timeout: requestLimit}}
	c.Client, _ = domain.NewClient(url, c) // never fails
	return c
}

// newTransport reads no proxies from the environment: a lab is on this machine.
func newTransport() *http.Transport {
	return &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}
}

// as is whom the next requests are sent as. Not while a request runs.
func (c *client) as(who func(*http.Request)) { c.who = who }

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func token(value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Token "+value) }
}

// Do sends a request of domain.Client; an answer other than 2xx is a *Refused.
func (c *client) Do(r *http.Request) (*http.Response, error) {
	if c.who != nil {
		c.who(r)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	return taken(answer)
}

// taken turns an answer other than 2xx into a *Refused.
func taken(answer *http.Response) (*http.Response, error) {
	if answer.StatusCode < 300 {
		return answer, nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return nil, err
	}
	said := struct{ Message string }{}
	if json.Unmarshal(body, &said) != nil || said.Message == "" {
		said.Message = strings.TrimSpace(string(body))
	}
	if said.Message == "" {
		said.Message = http.StatusText(answer.StatusCode)
	}
	return nil, &Refused{Status: answer.StatusCode, Message: said.Message}
}

// Refused is an answer of InfluxDB that is no success.
type Refused struct {
	Status  int    // of HTTP
	Message string // InfluxDB's own
}

func (e *Refused) Error() string { return fmt.Sprintf("%s (HTTP %d)", e.Message, e.Status) }

// refused says whether InfluxDB answered with one of those statuses.
func refused(err error, statuses ...int) bool {
	var r *Refused
	if !errors.As(err, &r) {
		return false
	}
	for _, s := range statuses {
		if r.Status == s {
			return true
		}
	}
	return false
}
