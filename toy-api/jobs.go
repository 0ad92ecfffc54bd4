package toyapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

type jobPage struct {
	Jobs  []job `json:"jobs"`
	Page  int   `json:"page"`
	Limit int   `json:"limit"`
	Total int   `json:"total"`
}

// work is what a worker does for a job of POST /jobs. The same seed gives the
// same delay, result and failure.
func (s *Server) work(ctx context.Context, t *task) (result string, err error) {
	a, src := t.args, source(t.args, 0)
	breaks := src.Float64() < a.number("rate")
	if t.Kind != "io" {
		if result, err = compute(ctx, src.Uint64()&maxSafe, a.integer("iterations")); err != nil {
			return "", err
		}
	}
	if t.Kind != "cpu" {
		if err = s.pacer.wait(ctx, spread(a, src)); err != nil {
			return "", err
		}
	}
	if breaks {
		return "", errors.New("this failure was asked for")
	}
	return result, nil
}

func (s *Server) listJobs(w http.ResponseWriter, _ *http.Request, a args) error {
	state := ""
	if a.has("state") {
		state = a.text("state")
	}
	reply := jobPage{Page: a.integer("page"), Limit: a.integer("limit")}
	reply.Jobs, reply.Total = s.jobs.list(state, reply.Page, reply.Limit)
	return writeJSON(w, http.StatusOK, reply)
}

func (s *Server) createJob(w http.ResponseWriter, _ *http.Request, a args) error {
	j, err := s.jobs.submit(a)
	switch {
	case errors.Is(err, errFull):
		return &fault{status: http.StatusServiceUnavailable, code: "queue_full",
			message: fmt.Sprintf("all workers are busy and %d jobs wait", s.cfg.QueueSize), retryAfter: time.Second}
	case errors.Is(err, errClosed):
		return &fault{status: http.StatusServiceUnavailable, code: "shutting_down",
			message: err.Error(), retryAfter: time.Second}
	case err != nil:
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("/jobs/%d", j.ID))
	return writeJSON(w, http.StatusAccepted, j)
}

func (s *Server) getJob(w http.ResponseWriter, _ *http.Request, a args) error {
	j, ok := s.jobs.get(a.integer("id"))
	if !ok {
		return missing("job", a)
	}
	return writeJSON(w, http.StatusOK, j)
}

func (s *Server) cancelJob(w http.ResponseWriter, _ *http.Request, a args) error {
	j, err := s.jobs.cancel(a.integer("id"))
	switch {
	case errors.Is(err, errNoJob):
		return missing("job", a)
	case errors.Is(err, errOver):
		return &fault{status: http.StatusConflict, code: "job_over",
			message: fmt.Sprintf("job %d is %s already", j.ID, j.State), parameter: "id"}
	case err != nil:
		return err
	}
	return writeJSON(w, http.StatusOK, j)
}
