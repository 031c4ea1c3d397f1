package quantize

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ragline/ragline/consumers/packager/gguf"
)

// ErrTool is a folder without llama-quantize.
var ErrTool = errors.New("llama-quantize is not there")

// Tool finds llama-quantize in a folder of llama.cpp: a release, or a checkout with its build.
func Tool(folder string) (string, error) {
	for _, below := range []string{"", "build/bin", "bin"} {
		path := filepath.Join(folder, below, "llama-quantize")
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("looking in %s, its build/bin and bin: %w", folder, ErrTool)
}

// child runs llama-quantize into a temporary file. It prints to stderr; its last lines are in the error.
func child(ctx context.Context, opts Options) error {
	tool, err := Tool(opts.LlamaCPP)
	if err != nil {
		return err
	}
	return gguf.Replace(opts.Out, func(out *os.File) error {
		args := []string{opts.In, out.Name(), strings.ToUpper(string(opts.Type))}
		if opts.Threads > 0 {
			args = append(args, strconv.Itoa(opts.Threads))
		}
		cmd := exec.CommandContext(ctx, tool, args...)
		pipe, write := io.Pipe()
		cmd.Stdout, cmd.Stderr = write, write
		var last []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			last = lines(pipe, opts.Log)
		}()
		err := cmd.Run()
		_ = write.Close()
		<-done
		if err != nil {
			return fmt.Errorf("running %s: %w: %s", tool, err, strings.Join(last, "\n"))
		}
		return nil
	})
}

// lines passes lines on and returns the last few.
func lines(r io.Reader, log func(string)) []string {
	var last []string
	s := bufio.NewScanner(r)
	for s.Scan() {
		if last = append(last, s.Text()); len(last) > 8 {
			last = last[1:]
		}
		if log != nil {
			log(s.Text())
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long for the scanner must not block the child
	return last
}
