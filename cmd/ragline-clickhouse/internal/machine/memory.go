package machine

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"strings"
)

// Memory is the memory this process may use: the machine's, or less where a cgroup says so. 0 means unknown.
func Memory() uint64 {
	total := memTotal(readFile("/proc/meminfo"))
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		limit, err := strconv.ParseUint(strings.TrimSpace(string(readFile(path))), 10, 64)
		if err == nil && limit < total { // without a limit it says "max" or a huge number
			total = limit
		}
	}
	return total
}

func readFile(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return data
}

func memTotal(meminfo []byte) uint64 {
	lines := bufio.NewScanner(bytes.NewReader(meminfo))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == "MemTotal:" {
			kib, _ := strconv.ParseUint(fields[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}
