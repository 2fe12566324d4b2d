// Go's net/http: hello, and at POST an echo. Its port is the first argument.
package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	greeting := []byte("Hello, World!")
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPost {
			// It reads a body whole before it responds.
			body, _ := io.ReadAll(request.Body)
			response.Write(body)
			return
		}
		response.Write(greeting)
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], nil); err != nil {
		panic(err)
	}
}
