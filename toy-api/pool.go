package toyapi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The states of a job. A canceled job has failed.
const (
	queued  = "queued"
	running = "running"
	done    = "done"
	failed  = "failed"
)

var states = []string{queued, running, done, failed}

var (
	errFull     = errors.New("the queue is full")
	errClosed   = errors.New("the server is shutting down")
	errCanceled = errors.New("the job was canceled")
	errOver     = errors.New("the job has ended")
	errNoJob    = errors.New("there is no such job")
)

// job is what clients see of a job.
type job struct {
	ID       int        `json:"id"`
	Kind     string     `json:"kind"`
	State    string     `json:"state"`
	Created  time.Time  `json:"created"`
	Started  *time.Time `json:"started"`
	Finished *time.Time `json:"finished"`
	Result   string     `json:"result"`
	Error    string     `json:"error"`
}

// task is a job with what it takes to run and cancel it.
type task struct {
	job
	args   args
	cancel context.CancelFunc // of a running one
}

// A pool runs jobs with a fixed number of workers, a bounded queue and a
// bounded history. A worker is a goroutine that takes jobs until there are no
// more, so an idle pool has none.
type pool struct {
	workers, queueSize, history int
	work                        func(context.Context, *task) (string, error)

	base    context.Context // of all running jobs
	stop    context.CancelFunc
	running sync.WaitGroup

	mu                     sync.Mutex
	tasks                  table[*task]
	queue                  []*task // oldest first
	finished               []int   // ids, in the order they ended
	busy                   int
	done, failed, rejected int
	closed                 bool
}

func newPool(workers, queueSize, history int, work func(context.Context, *task) (string, error)) *pool {
	p := &pool{workers: workers, queueSize: queueSize, history: history, work: work}
	p.base, p.stop = context.WithCancel(context.Background())
	return p
}

// submit hands a job to a free worker or queues it. Errors: errFull, errClosed.
func (p *pool) submit(a args) (job, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return job{}, errClosed
	}
	if p.busy == p.workers && len(p.queue) == p.queueSize {
		p.rejected++
		return job{}, errFull
	}
	t := p.tasks.add(func(id int) *task {
		return &task{job: job{ID: id, Kind: a.text("kind"), State: queued, Created: time.Now()}, args: a}
	})
	if p.busy == p.workers {
		p.queue = append(p.queue, t)
		return t.job, nil
	}
	p.busy++
	p.running.Add(1)
	ctx := p.start(t)
	go p.labor(ctx, t)
	return t.job, nil
}

// labor is a worker: it runs t and then what waits.
func (p *pool) labor(ctx context.Context, t *task) {
	defer p.running.Done()
	for {
		result, err := p.try(ctx, t)
		p.mu.Lock()
		t.cancel()
		if t.State == running {
			p.end(t, result, err)
		}
		if len(p.queue) == 0 {
			p.busy--
			p.mu.Unlock()
			return
		}
		t, p.queue = p.queue[0], p.queue[1:]
		ctx = p.start(t)
		p.mu.Unlock()
	}
}

// try runs t; a panic fails the job, not the server.
func (p *pool) try(ctx context.Context, t *task) (result string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the job panicked: %v", cause)
		}
	}()
	return p.work(ctx, t)
}

// start marks t as running; the caller holds the lock.
func (p *pool) start(t *task) context.Context {
	ctx, cancel := context.WithCancel(p.base)
	now := time.Now()
	t.State, t.Started, t.cancel = running, &now, cancel
	return ctx
}

// end marks t as done or failed and forgets the job that ended longest ago
// when the history is full; the caller holds the lock.
func (p *pool) end(t *task, result string, err error) {
	now := time.Now()
	t.Finished = &now
	if err != nil {
		t.State, t.Error = failed, err.Error()
		p.failed++
	} else {
		t.State, t.Result = done, result
		p.done++
	}
	p.finished = append(p.finished, t.ID)
	if len(p.finished) > p.history {
		p.tasks.remove(p.finished[0])
		p.finished = p.finished[1:]
	}
}

// cancel fails a job that waits or runs. Errors: errNoJob, errOver.
func (p *pool) cancel(id int) (job, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.tasks.get(id)
	if !ok {
		return job{}, errNoJob
	}
	switch t.State {
	case queued:
		p.unqueue(t)
	case running:
		t.cancel()
	default:
		return t.job, errOver
	}
	p.end(t, "", errCanceled)
	return t.job, nil
}

func (p *pool) unqueue(t *task) {
	for i, q := range p.queue {
		if q == t {
			p.queue = append(p.queue[:i:i], p.queue[i+1:]...)
			return
		}
	}
}

func (p *pool) get(id int) (job, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.tasks.get(id)
	if !ok {
		return job{}, false
	}
	return t.job, true
}

// list returns a page (from 1) of the jobs of a state ("": of any), newest
// first, and how many there are in all.
func (p *pool) list(state string, page, limit int) (jobs []job, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	jobs = []job{}
	for i := len(p.tasks.rows) - 1; i >= 0; i-- {
		t := p.tasks.rows[i]
		if state != "" && t.State != state {
			continue
		}
		if total >= (page-1)*limit && len(jobs) < limit {
			jobs = append(jobs, t.job)
		}
		total++
	}
	return jobs, total
}

type poolStats struct {
	held                   map[string]int // jobs by state
	workers, queueSize     int
	busy                   int
	done, failed, rejected int // since the start
}

func (p *pool) stats() poolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := poolStats{held: map[string]int{}, workers: p.workers, queueSize: p.queueSize,
		busy: p.busy, done: p.done, failed: p.failed, rejected: p.rejected}
	for _, t := range p.tasks.rows {
		st.held[t.State]++
	}
	return st
}

// close refuses new jobs, fails those that wait and lets running ones end. When
// ctx ends first it cancels them, waits for that, and returns ctx's error.
func (p *pool) close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	for _, t := range p.queue {
		p.end(t, "", errClosed)
	}
	p.queue = nil
	p.mu.Unlock()

	idle := make(chan struct{})
	go func() {
		p.running.Wait()
		close(idle)
	}()
	defer p.stop()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		p.stop()
		<-idle
		return ctx.Err()
	}
}
