package main

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
)

const bareFlag = "serve-bare"

// serveBare is the least that net/http needs to write the bytes of the toy API's /fast.
func serveBare() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	body := []byte(`{"ok":true,"route":"/fast"}` + "\n")
	contentType, length := []string{"application/json"}, []string{strconv.Itoa(len(body))}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"], h["Content-Length"] = contentType, length
		w.Write(body)
	})}
	fmt.Printf("http://%s\n", ln.Addr())
	return srv.Serve(ln)
}
