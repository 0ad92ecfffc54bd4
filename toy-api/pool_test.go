package toyapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// gated returns a server whose jobs run until the test lets one go or they are
// canceled; what is sent is the job's error.
func gated(t *testing.T, cfg Config) (*Server, chan error) {
	t.Helper()
	s, gate := newServer(t, cfg), make(chan error)
	s.jobs.work = func(ctx context.Context, _ *task) (string, error) {
		select {
		case err := <-gate:
			return "result", err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	t.Cleanup(func() {
		canceled, cancel := context.WithCancel(context.Background())
		cancel()
		s.jobs.close(canceled)
	})
	return s, gate
}

func createJob(t *testing.T, s *Server) job {
	t.Helper()
	w := do(t, s, "POST", "/jobs", "")
	if w.Code != http.StatusAccepted {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	j := decode[job](t, w)
	if got, want := w.Header().Get("Location"), fmt.Sprintf("/jobs/%d", j.ID); got != want {
		t.Errorf("Location is %q, want %q", got, want)
	}
	return j
}

func getJob(t *testing.T, s *Server, id int) job {
	t.Helper()
	return decode[job](t, do(t, s, "GET", fmt.Sprintf("/jobs/%d", id), ""))
}

func waitFor(t *testing.T, s *Server, id int, state string) job {
	t.Helper()
	until(t, fmt.Sprintf("job %d is %s", id, state), func() bool { return getJob(t, s, id).State == state })
	return getJob(t, s, id)
}

func TestJobsGoThroughTheirStates(t *testing.T) {
	s, gate := gated(t, Config{Workers: 1})
	a, b := createJob(t, s), createJob(t, s)
	if a.State != running || b.State != queued {
		t.Errorf("states %s and %s, want running and queued", a.State, b.State)
	}
	gate <- nil
	a, b = waitFor(t, s, a.ID, done), waitFor(t, s, b.ID, running)
	if a.Result != "result" || a.Error != "" || a.Started == nil || a.Finished == nil || b.Finished != nil {
		t.Errorf("done %+v, running %+v", a, b)
	}
	gate <- errors.New("out of luck")
	if b = waitFor(t, s, b.ID, failed); b.Error != "out of luck" || b.Result != "" {
		t.Errorf("failed %+v", b)
	}
	until(t, "the worker has gone", func() bool { return s.jobs.stats().busy == 0 })
}

func TestWorkersAndQueueAreBounded(t *testing.T) {
	s, gate := gated(t, Config{Workers: 2, QueueSize: 3})
	for range 5 {
		createJob(t, s)
	}
	w := do(t, s, "POST", "/jobs", "")
	wantFault(t, w, http.StatusServiceUnavailable, "queue_full", "")
	if w.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", w.Header().Get("Retry-After"))
	}
	m := scrape(t, s)
	for name, want := range map[string]float64{
		"toyapi_jobs_queue_depth": 3, "toyapi_jobs_queue_size": 3, "toyapi_jobs_workers_busy": 2,
		"toyapi_jobs_workers": 2, "toyapi_jobs_rejected_total": 1,
	} {
		if got := m.value(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if m.value("toyapi_jobs", "state", running) != 2 || m.value("toyapi_jobs", "state", queued) != 3 {
		t.Error("the gauges by state disagree")
	}
	gate <- nil // makes room for one
	until(t, "the queue has room", func() bool { return s.jobs.stats().held[queued] == 2 })
	createJob(t, s)
	for range 5 {
		gate <- nil
	}
	until(t, "all jobs are done", func() bool { return s.jobs.stats().done == 6 })
}

func TestCancel(t *testing.T) {
	s, gate := gated(t, Config{Workers: 1, QueueSize: 2})
	first, second, third := createJob(t, s), createJob(t, s), createJob(t, s)
	cancel := func(j job) {
		t.Helper()
		w := do(t, s, "DELETE", fmt.Sprintf("/jobs/%d", j.ID), "")
		if got := decode[job](t, w); w.Code != 200 || got.State != failed || got.Error != errCanceled.Error() {
			t.Errorf("got %d %+v", w.Code, got)
		}
	}
	cancel(second) // waits: leaves the queue
	createJob(t, s)
	cancel(first) // runs: frees the worker
	waitFor(t, s, third.ID, running)
	gate <- nil
	waitFor(t, s, third.ID, done)
	for _, j := range []job{first, third} {
		w := do(t, s, "DELETE", fmt.Sprintf("/jobs/%d", j.ID), "")
		wantFault(t, w, http.StatusConflict, "job_over", "id")
	}
	if got := getJob(t, s, first.ID); got.Error != errCanceled.Error() {
		t.Errorf("the canceled job now says %+v", got)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	s, gate := gated(t, Config{Workers: 1, HistorySize: 3})
	for i := range 5 {
		createJob(t, s)
		gate <- nil
		until(t, "the job ended", func() bool { return s.jobs.stats().done == i+1 })
	}
	w := do(t, s, "GET", "/jobs?limit=2", "")
	page := decode[jobPage](t, w)
	if page.Total != 3 || len(page.Jobs) != 2 || page.Jobs[0].ID != 5 || page.Jobs[1].ID != 4 {
		t.Errorf("first page %+v", page)
	}
	if page = decode[jobPage](t, do(t, s, "GET", "/jobs?limit=2&page=2", "")); len(page.Jobs) != 1 || page.Jobs[0].ID != 3 {
		t.Errorf("second page %+v", page)
	}
	wantFault(t, do(t, s, "GET", "/jobs/2", ""), http.StatusNotFound, "not_found", "id")
	createJob(t, s)
	if page = decode[jobPage](t, do(t, s, "GET", "/jobs?state=running", "")); page.Total != 1 || page.Jobs[0].ID != 6 {
		t.Errorf("running %+v", page)
	}
	if got := scrape(t, s).value("toyapi_jobs_finished_total", "state", done); got != 5 {
		t.Errorf("%v jobs counted as done, want 5", got)
	}
}

func TestJobsDoRealWork(t *testing.T) {
	s := newServer(t, Config{})
	post := func(body string) job {
		w := do(t, s, "POST", "/jobs", body)
		id := decode[job](t, w).ID
		until(t, "the job ended", func() bool { return getJob(t, s, id).Finished != nil })
		return getJob(t, s, id)
	}
	const mixed = `{"kind":"mixed","ms":0,"jitter":1,"iterations":1000,"seed":5}`
	a, b := post(mixed), post(mixed)
	if a.State != done || len(a.Result) != 16 || a.Result != b.Result {
		t.Errorf("%+v and %+v", a, b)
	}
	if j := post(`{"kind":"cpu","iterations":1,"rate":1}`); j.State != failed || j.Error == "" {
		t.Errorf("a job that must fail: %+v", j)
	}
	if j := post(`{"ms":0}`); j.State != done || j.Kind != "io" {
		t.Errorf("an io job: %+v", j)
	}
}

func TestJobPanicFailsTheJob(t *testing.T) {
	s := newServer(t, Config{})
	s.jobs.work = func(context.Context, *task) (string, error) { panic("oops") }
	if j := waitFor(t, s, createJob(t, s).ID, failed); j.Error != "the job panicked: oops" {
		t.Errorf("got %+v", j)
	}
}

func TestShutdownDrainsJobs(t *testing.T) {
	s, gate := gated(t, Config{Workers: 1, DrainTimeout: time.Minute})
	runs, waits := createJob(t, s), createJob(t, s)
	stop := runServer(t, s, listen(t))
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	if j := waitFor(t, s, waits.ID, failed); j.Error != errClosed.Error() {
		t.Errorf("the job that waited: %+v", j)
	}
	wantFault(t, do(t, s, "POST", "/jobs", ""), http.StatusServiceUnavailable, "shutting_down", "")
	gate <- nil
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if j := getJob(t, s, runs.ID); j.State != done {
		t.Errorf("the job that ran: %+v", j)
	}
}

func TestShutdownCancelsJobsThatTakeTooLong(t *testing.T) {
	s, _ := gated(t, Config{Workers: 1, DrainTimeout: time.Millisecond})
	j := createJob(t, s)
	if err := runServer(t, s, listen(t))(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run returned %v", err)
	}
	if j = getJob(t, s, j.ID); j.State != failed {
		t.Errorf("the job is %+v", j)
	}
}
