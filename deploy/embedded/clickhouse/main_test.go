package clickhouse

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// fakeEnv makes the test binary play the clickhouse binary.
const fakeEnv = "RAGLINE_TEST_FAKE_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(fakeEnv) != "" {
		playServer()
		return
	}
	goleak.VerifyTestMain(m)
}

// playServer is as much of `clickhouse server` as the supervision needs: it reads the port and answers /ping.
func playServer() {
	config, err := os.ReadFile(strings.TrimPrefix(os.Args[2], "--config-file="))
	if err != nil {
		panic(err)
	}
	port := regexp.MustCompile(`<http_port>(\d+)<`).FindSubmatch(config)[1]
	listener, err := net.Listen("tcp", "127.0.0.1:"+string(port))
	if err != nil {
		panic(err)
	}
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "Ok.") }))
}
