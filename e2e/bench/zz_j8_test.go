//go:build j8

package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

var j8Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestJ8Push(t *testing.T) {
	folder := record.Folder("/tmp/j8/runs/hour")
	if _, err := os.Stat(folder.Tool()); err != nil {
		if _, err := hourRecord(record.Runs("/tmp/j8/runs"), 3600, 1000); err != nil {
			t.Fatal(err)
		}
		// what sources used, in place of what the file has
		os.Remove(folder.Run())
		w, _ := record.CreateRun(folder.Run())
		w.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: "hour", Tool: "k6", Engine: "embedded", Scenario: record.Scenario{Name: "hour.js"}, Time: j8Start}})
		for i, n := range []string{"host", "k6", "influxdb", "toy-api", "telegraf"} {
			k := record.ProcessSource
			if i == 0 {
				k = record.HostSource
			}
			w.Write(record.RunLine{Source: &record.Source{ID: i + 1, Name: n, Kind: k, Generator: n == "k6", CPUs: 2}})
		}
		for s := range int64(3600) {
			var u []record.Use
			for i := range 5 {
				u = append(u, record.Use{Source: i + 1, CPU: float64(s%17) / 20, Memory: 1e7, RX: float64(s), TX: 5})
			}
			w.Write(record.RunLine{Infra: &record.Infra{T: s + 1, Uses: u}})
		}
		w.Close()
	}
	began := time.Now()
	s, err := influx.Send(context.Background(), folder, influx.Target{URL: "http://127.0.0.1:18999", Org: "ltlab", Token: "token-of-the-tests", Bucket: "loadtests"}, 0, nil)
	t.Logf("%+v %v %s", s, err, time.Since(began))
}

var jc = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

func askJ8(q string) (string, time.Duration) {
	began := time.Now()
	r, _ := http.NewRequest("POST", "http://127.0.0.1:18999/api/v2/query?org=ltlab", strings.NewReader(q))
	r.Header.Set("Authorization", "Token token-of-the-tests")
	r.Header.Set("Content-Type", "application/vnd.flux")
	res, err := jc.Do(r)
	if err != nil {
		panic(err)
	}
	b, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 200 || strings.Contains(string(b), ",error") {
		fmt.Println("ERROR", res.Status, string(b)[:min(len(b), 600)], "\n", q)
	}
	return string(b), time.Since(began)
}

func rowsIn(s string) int { r, _ := csv.NewReader(strings.NewReader(s)).ReadAll(); return len(r) - 1 }

func TestJ8Ask(t *testing.T) {
	only := os.Getenv("ONLY")
	v := flux.Vars{Bucket: "loadtests", Run: "hour", Compare: "hour", From: j8Start.Add(-time.Minute), To: j8Start.Add(time.Hour), Every: 5 * time.Second}
	for _, b := range boards.Of("k6") {
		if only != "" && !regexp.MustCompile(only).MatchString(b.ID) {
			continue
		}
		type q struct{ name, text string }
		var all []q
		b.Panels(func(p *boards.Panel) {
			for i, g := range flux.Targets(&b, p) {
				all = append(all, q{fmt.Sprintf("%s/%s/%d", b.ID, p.ID, i), v.Bind(g.Text)})
			}
		})
		panels := len(all)
		for _, c := range flux.Choices(&b) {
			all = append(all, q{b.ID + "/$" + c.Name, v.Bind(c.Text)})
		}
		all = append(all, q{b.ID + "/events", v.Bind(flux.Events())})
		for i := range b.Shades {
			all = append(all, q{fmt.Sprintf("%s/shade%d", b.ID, i), v.Bind(flux.Shade(&b, i))})
		}
		all = append(all, q{b.ID + "/runs", v.Bind(flux.Runs(&b))})
		for _, a := range all {
			var ts []time.Duration
			n := 0
			for range 5 {
				s, d := askJ8(a.text)
				n = rowsIn(s)
				ts = append(ts, d)
			}
			slices.Sort(ts)
			fmt.Printf("%-40s %4d lines  min %6.1f  median %6.1f ms\n", a.name, n, ms(ts[0]), ms(ts[2]))
		}
		for _, which := range []int{panels, len(all)} {
			var ts []time.Duration
			for range 5 {
				began := time.Now()
				var wg sync.WaitGroup
				for _, a := range all[:which] {
					wg.Go(func() { askJ8(a.text) })
				}
				wg.Wait()
				ts = append(ts, time.Since(began))
			}
			slices.Sort(ts)
			fmt.Printf("%s: %d queries at once: min %.0f median %.0f ms\n", b.ID, which, ms(ts[0]), ms(ts[2]))
		}
	}
}

func TestJ8Dump(t *testing.T) {
	v := flux.Vars{Bucket: "loadtests", Run: "hour", Compare: "hour", From: j8Start.Add(-time.Minute), To: j8Start.Add(time.Hour), Every: 5 * time.Second}
	for _, b := range boards.Of("k6") {
		b.Panels(func(p *boards.Panel) {
			for i, g := range flux.Targets(&b, p) {
				os.WriteFile(fmt.Sprintf("/tmp/j8/q/%s.%s.%d", b.ID, p.ID, i), []byte(v.Bind(g.Text)), 0o644)
			}
		})
	}
}
