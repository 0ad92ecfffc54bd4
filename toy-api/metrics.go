package toyapi

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is a Server's own registry. Labels take values from the route table,
// the status codes and the job states only.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	panics   prometheus.Counter
	inFlight atomic.Int64
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "toyapi_http_requests_total", Help: "Requests answered, by route and status code.",
		}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "toyapi_http_request_duration_seconds", Help: "Time spent in the handler, by route.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "toyapi_panics_total", Help: "Handlers that panicked.",
		}),
	}
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.seconds, m.panics, jobCollector{s.jobs},
		gauge("toyapi_http_requests_in_flight", "Requests under way.", func() float64 { return float64(m.inFlight.Load()) }),
		gauge("toyapi_io_connections_busy", "Connections of /io in use.", func() float64 { return float64(len(s.links)) }),
		gauge("toyapi_io_connections", "Connections of /io.", func() float64 { return float64(cap(s.links)) }),
		gauge("toyapi_users", "Users kept.", func() float64 { return float64(s.users.count()) }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

func (s *Server) scrape(w http.ResponseWriter, r *http.Request, _ args) error {
	s.metrics.handler.ServeHTTP(w, r)
	return nil
}

// routeMetrics holds what a request of one route counts in, looked up beforehand.
type routeMetrics struct {
	path    string
	vec     *prometheus.CounterVec
	ok      prometheus.Counter
	seconds prometheus.Observer
}

func (m *metrics) route(path string) *routeMetrics {
	return &routeMetrics{
		path:    path,
		vec:     m.requests,
		ok:      m.requests.WithLabelValues(path, "200"),
		seconds: m.seconds.WithLabelValues(path),
	}
}

func (m *routeMetrics) observe(status int, d time.Duration) {
	if status == http.StatusOK {
		m.ok.Inc()
	} else {
		m.vec.WithLabelValues(m.path, strconv.Itoa(status)).Inc()
	}
	m.seconds.Observe(d.Seconds())
}

// jobCollector reports a pool from one snapshot, so its numbers agree.
type jobCollector struct{ pool *pool }

var (
	queueDepth   = prometheus.NewDesc("toyapi_jobs_queue_depth", "Jobs waiting for a worker.", nil, nil)
	queueSize    = prometheus.NewDesc("toyapi_jobs_queue_size", "Jobs that may wait for a worker.", nil, nil)
	workersBusy  = prometheus.NewDesc("toyapi_jobs_workers_busy", "Workers that run a job.", nil, nil)
	workersTotal = prometheus.NewDesc("toyapi_jobs_workers", "Workers.", nil, nil)
	jobsHeld     = prometheus.NewDesc("toyapi_jobs", "Jobs held, by state.", []string{"state"}, nil)
	jobsFinished = prometheus.NewDesc("toyapi_jobs_finished_total", "Jobs that ended, by state.", []string{"state"}, nil)
	jobsRejected = prometheus.NewDesc("toyapi_jobs_rejected_total", "Jobs refused because the queue was full.", nil, nil)
)

func (c jobCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

func (c jobCollector) Collect(ch chan<- prometheus.Metric) {
	st := c.pool.stats()
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	counter := func(d *prometheus.Desc, v int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(queueDepth, st.held[queued])
	gauge(queueSize, st.queueSize)
	gauge(workersBusy, st.busy)
	gauge(workersTotal, st.workers)
	for _, state := range states {
		gauge(jobsHeld, st.held[state], state)
	}
	counter(jobsFinished, st.done, done)
	counter(jobsFinished, st.failed, failed)
	counter(jobsRejected, st.rejected)
}
