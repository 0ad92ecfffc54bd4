module github.com/ltlab/ltlab

go 1.26.0

require (
	github.com/DataDog/sketches-go v1.4.8 // mergeable quantile sketches, of which a record is made
	github.com/chromedp/cdproto v0.0.0-20250724212937-08a3db8b4327 // with chromedp; a newer one breaks k6's browser module, which shares our versions
	github.com/chromedp/chromedp v0.14.2 // tests in a real browser
	github.com/compose-spec/compose-go/v2 v2.13.0 // tests that Compose reads the settings as we wrote them
	github.com/fatih/color v1.19.0 // color on terminals
	github.com/gofrs/flock v0.13.2 // file locks on every system: one server a lab, one writer a run
	github.com/joho/godotenv v1.5.1 // files of NAME=value lines
	github.com/klauspost/compress v1.20.3 // zstd for exported runs
	github.com/prometheus/client_golang v1.25.0 // /metrics of the toy API
	github.com/prometheus/client_model v0.6.3 // tests that read /metrics
	github.com/prometheus/common v0.72.0 // tests that read /metrics
	github.com/rogpeppe/go-internal v1.16.0 // testscript: the CLI tested as a shell session
	github.com/shirou/gopsutil/v4 v4.26.10 // memory and port holders on every system
	github.com/spf13/cobra v1.10.2 // the command line
	github.com/spf13/pflag v1.0.9 // flags that the toy API's program and ltlab share
	go.yaml.in/yaml/v4 v4.0.0 // ltlab.yaml; kept by the YAML organization (v3 is frozen), and Compose's library uses it too
	golang.org/x/sys v0.49.0 // timers finer than the runtime's in the toy API
	golang.org/x/term v0.47.0 // is this a terminal
	golang.org/x/time v0.16.0 // token bucket of the toy API
	gonum.org/v1/plot v0.17.0 // axes and layout of the boards' charts
	modernc.org/sqlite v1.62.0 // the run store, without a C compiler
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.2.0 // indirect
	codeberg.org/go-pdf/fpdf v0.11.1 // indirect
	git.sr.ht/~sbinet/gg v0.7.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/chromedp/sysutil v1.1.0 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/ebitengine/purego v0.11.2 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/go-ole/go-ole v1.2.6 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/pool v0.2.1 // indirect
	github.com/gobwas/ws v1.4.0 // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/lufia/plan9stats v0.0.0-20211012122336-39d0f177ccd0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/power-devops/perfstat v0.0.0-20260805114148-88456608a4f6 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/sirupsen/logrus v1.9.0 // indirect
	github.com/tklauser/go-sysconf v0.4.0 // indirect
	github.com/tklauser/numcpus v0.12.0 // indirect
	github.com/yusufpapurcu/wmi v1.2.4 // indirect
	golang.org/x/image v0.30.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	modernc.org/libc v1.80.1 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)
