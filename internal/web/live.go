package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/ltlab/ltlab/internal/store"
)

const (
	// A page that shows all there is waits for more, so that it has it at once and asks no more often than there is something new.
	patience = time.Second
	glance   = 50 * time.Millisecond
	soonest  = 50 // milliseconds from one look of a page to the next
)

// live says whether any of what is shown goes on.
func (at *shown) live() bool {
	return at.run.State == store.Running || at.view.Other != nil && at.view.Other.State == store.Running
}

// progress tells a later state of the runs that are shown from this one.
func (at *shown) progress() string {
	p := fmt.Sprint(at.run.Seconds, at.run.State)
	if at.view.Other != nil {
		p += fmt.Sprint(" ", at.view.Other.Seconds, at.view.Other.State)
	}
	return p
}

// news finds what an address asks for, and waits for more than its ?after= tells, if there may be more.
func (s *server) news(r *http.Request, points int) (shown, error) {
	at, err := s.find(r, points)
	after := r.URL.Query().Get("after")
	if err != nil || after == "" {
		return at, err
	}
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for limit := time.After(patience); at.live() && at.progress() == after; {
		select {
		case <-r.Context().Done():
			return at, r.Context().Err()
		case <-limit:
			return at, nil
		case <-tick.C:
		}
		if at, err = s.find(r, points); err != nil {
			break
		}
	}
	return at, err
}
