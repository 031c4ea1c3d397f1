package clickhouse

import (
	"bufio"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// cpuFlags is what the engine's build needs (x86-64-v3), in the spelling of /proc/cpuinfo.
// Without them the process that loads the library dies with SIGILL and no message.
func cpuFlags() []string {
	return []string{"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}
}

// CheckCPU reports an [UnavailableError] when this machine cannot run libchdb.
func CheckCPU() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return nil
	}
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return nil // no way to know; loading will tell
	}
	defer f.Close()
	missing := missingFlags(f)
	if len(missing) == 0 {
		return nil
	}
	return &UnavailableError{
		Reason: "this CPU lacks " + strings.Join(missing, ", ") + ", which libchdb needs",
		Remedy: "run on a CPU of 2013 or later, " + useServer,
	}
}

func missingFlags(cpuinfo io.Reader) []string {
	lines := bufio.NewScanner(cpuinfo)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(key) != "flags" {
			continue
		}
		has := strings.Fields(value)
		return slices.DeleteFunc(cpuFlags(), func(flag string) bool { return slices.Contains(has, flag) })
	}
	return nil
}
