// Package postgrestest gives tests a real PostgreSQL.
//
// It is the server that RAGLINE_TEST_POSTGRES names, or one of the installed programs, started for the test binary with a
// directory of its own, reached over a Unix socket, with fsync on, and ended with the binary. Each test has a schema of its own.
package postgrestest

import (
	"bufio"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

//go:embed server.sh
var script string

var errMissing = errors.New("initdb and pg_ctl are neither in PATH nor in /usr/lib/postgresql")

// server is the one of this test binary: starting one takes longer than most tests.
var server = sync.OnceValues(start)

type instance struct {
	url string
	// stdin of the script that keeps the server. It must not be collected while there are tests.
	stdin io.Closer
}

// URL returns the address of an empty schema, which is removed after the test. Without PostgreSQL it skips the test.
func URL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("RAGLINE_TEST_POSTGRES")
	if base == "" {
		s, err := server()
		base = s.url
		if errors.Is(err, errMissing) {
			t.Skipf("no PostgreSQL: %s. Install the package postgresql, or set RAGLINE_TEST_POSTGRES=postgres://...", err)
		}
		require.NoError(t, err)
	}
	schema := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), base)
		require.NoError(t, err)
		_, err = conn.Exec(context.Background(), `DROP SCHEMA IF EXISTS `+schema+` CASCADE`)
		require.NoError(t, errors.Join(err, conn.Close(context.Background())))
	})
	u, err := url.Parse(base)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// start starts a server and returns when it answers.
func start() (instance, error) {
	bin, err := programs()
	if err != nil {
		return instance{}, err
	}
	id, err := unprivileged()
	if err != nil {
		return instance{}, err
	}
	dir, err := os.MkdirTemp("", "pg") // a socket's path must be short
	if err != nil {
		return instance{}, err
	}
	if id != nil {
		if err := os.Chown(dir, int(id.Uid), int(id.Gid)); err != nil {
			return instance{}, err
		}
	}
	stdin, err := run(bin, dir, id)
	if err != nil {
		return instance{}, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	return instance{"postgres://postgres@/postgres?host=" + url.QueryEscape(dir), stdin}, nil
}

// programs returns the folder of the newest PostgreSQL.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if err != nil {
		return "", err
	}
	newest, best := "", 0
	for _, path := range found {
		bin := filepath.Dir(path)
		if version, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))); version > best {
			newest, best = bin, version
		}
	}
	if path, err := exec.LookPath("pg_ctl"); newest == "" && err == nil {
		newest = filepath.Dir(path)
	}
	if newest == "" {
		return "", errMissing
	}
	return newest, nil
}

// unprivileged returns a user for the server, which refuses to run as root. Nil stands for the one of the tests.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}

// run starts the script and waits until it says that the server answers. The script ends the server and removes the folder
// when this process ends, however it does: then its standard input ends, too.
func run(bin, dir string, id *syscall.Credential) (io.Closer, error) {
	cmd := exec.Command("/bin/sh", "-c", script, "server.sh", bin, dir)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + bin + ":" + cmp.Or(os.Getenv("PATH"), "/usr/bin:/bin"), "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: id, Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "ready\n" {
		return nil, fmt.Errorf("%q: %w", line, err)
	}
	return stdin, nil
}
