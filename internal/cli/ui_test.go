package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ltlab/ltlab/internal/config"
)

// stubOpener stands for the system's way to a browser: it notes what it was given in $OPENED.
func stubOpener() {
	if err := os.WriteFile(os.Getenv("OPENED"), []byte(strings.Join(os.Args[1:], " ")+"\n"), 0o600); err != nil {
		os.Exit(1)
	}
}

// page PATH TEXT: waits until `ltlab ui` shows a page with that text, on the port that the home remembers.
func page(ts *testscript.TestScript, _ bool, args []string) {
	client := &http.Client{Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	ts.Check(poll(func() error {
		last := map[string]int{}
		if err := config.ReadJSON(ts.MkAbs("home/ports.json"), &last); err != nil {
			return err
		}
		res, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", last[uiPorts], args[0]))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err == nil && !strings.Contains(string(b), args[1]) {
			err = fmt.Errorf("%s %s does not hold %q", res.Status, args[0], args[1])
		}
		return err
	}))
}
