package clickhouse

// Version is the engine version that Fetch installs.
const Version = "26.7.3"

// release is one build of the engine in the npm registry, with what its files must be.
type release struct {
	Package       string // npm package and version
	Tarball       string // file name that npm pack writes
	TarballSize   int64
	TarballSHA256 string
	Member        string // path of the library inside the tarball
	LibrarySize   int64
	LibrarySHA256 string
}

// releases lists only platforms whose files were checked and run.
// The version is pinned because the package's latest tag is an older engine without insert streams.
func releases() map[string]release {
	return map[string]release{
		"linux/amd64": {
			Package:       "@chdb/lib-linux-x64-gnu@26.7.3-stable.1",
			Tarball:       "chdb-lib-linux-x64-gnu-26.7.3-stable.1.tgz",
			TarballSize:   177_817_999,
			TarballSHA256: "c0d32b129e988f2b9a9a31c9141aecf5e1e2453f9a079efc4d36ab8e3f92b2ad",
			Member:        "package/libchdb.so",
			LibrarySize:   566_330_096,
			LibrarySHA256: "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
		},
	}
}

// libraryName is the engine's file name in the cache.
const libraryName = "libchdb.so"
