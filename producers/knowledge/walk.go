package knowledge

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ragline/ragline/schemas/event"
)

// file is a file that may be a document. path is below the root, with slashes.
type file struct {
	path     string
	convert  convertFunc
	modified time.Time
	bytes    int64
	skip     error
}

// convertFunc turns the bytes of a file into a document: title, text, media type, metadata and perhaps an id.
type convertFunc func(name string, raw []byte) (*event.DocumentChanged, error)

// converterOf knows the types of files, by their extension.
func converterOf(name string) convertFunc {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown":
		return fromMarkdown
	case ".txt", ".text":
		return fromText
	case ".html", ".htm", ".xhtml":
		return fromHTML
	case ".pdf":
		return fromPDF
	default:
		return nil
	}
}

// walk lists the files in the order of their paths. Names that start with a dot are left out. Links are followed
// to files below the root only, never to folders: os.Root refuses what leads outside.
func (r *run) walk() ([]file, error) {
	var files []file
	err := fs.WalkDir(r.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return fmt.Errorf("reading the folder: %w", err)
		case name != "." && strings.HasPrefix(path.Base(name), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case err != nil:
			files = append(files, file{path: name, skip: err})
			return nil //nolint:nilerr // the report has it
		case entry.IsDir():
			return nil
		}
		files = append(files, r.inspect(name))
		if len(files) > r.opts.Config.MaxFiles {
			return fmt.Errorf("the folder has more than %d files, see RAGLINE_KNOWLEDGE_MAX_FILES", r.opts.Config.MaxFiles)
		}
		return nil
	})
	return files, err
}

func (r *run) inspect(name string) file {
	f := file{path: name, convert: converterOf(name)}
	info, err := r.root.Stat(name)
	switch {
	case err != nil:
		f.skip = fmt.Errorf("it leads out of the folder or is gone: %w", err)
	case !info.Mode().IsRegular():
		f.skip = errors.New("it is not a regular file")
	case f.convert == nil:
		f.skip = fmt.Errorf("%q is not a type of document: allowed are .md, .txt, .html and .pdf", path.Ext(name))
	case info.Size() > r.opts.Config.MaxFileBytes:
		f.skip = fmt.Errorf("%d bytes, at most %d are read, see RAGLINE_KNOWLEDGE_MAX_FILE", info.Size(), r.opts.Config.MaxFileBytes)
	default:
		f.modified, f.bytes = info.ModTime(), info.Size()
	}
	return f
}

// read returns the document of a file, or the reason to skip it.
func (r *run) read(f file) (*event.DocumentChanged, error) {
	if f.skip != nil {
		return nil, f.skip
	}
	in, err := r.root.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, r.opts.Config.MaxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > r.opts.Config.MaxFileBytes {
		return nil, errors.New("it grew while it was read")
	}
	d, err := f.convert(f.path, raw)
	if err != nil {
		return nil, err
	}
	return r.finish(f, raw, d)
}

// finish fills what all types of documents have in common.
func (r *run) finish(f file, raw []byte, d *event.DocumentChanged) (*event.DocumentChanged, error) {
	if strings.TrimSpace(d.GetText()) == "" {
		return nil, errors.New("it has no text")
	}
	if d.GetDocumentId() == "" {
		d.DocumentId = slug(f.path)
	}
	if !idPattern.MatchString(d.GetDocumentId()) {
		return nil, fmt.Errorf("%.80q is no document id: allowed are at most 200 letters, digits and . _ : / - without spaces", d.GetDocumentId())
	}
	if d.GetTitle() == "" {
		d.Title = strings.TrimSuffix(path.Base(f.path), path.Ext(f.path))
	}
	sum := sha256.Sum256(raw)
	d.ContentSha256 = hex.EncodeToString(sum[:])
	d.Uri = uriOf(f.path)
	d.ModifiedAt = timestamppb.New(f.modified)
	if d.Metadata == nil {
		d.Metadata = map[string]string{}
	}
	d.Metadata[metadataCollection] = r.opts.Collection
	d.Metadata[metadataConverter] = converterVersion
	return d, nil
}

// uriOf names a file below its collection: absolute paths of this machine are nobody's business on the log.
func uriOf(name string) string { return "file:" + name }

// plain returns text that is UTF-8, with Unix line ends and without a byte order mark.
func plain(raw []byte) (string, error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	text := string(raw)
	if strings.ToValidUTF8(text, "") != text || strings.ContainsRune(text, 0) {
		return "", errors.New("it is not UTF-8 text")
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), nil
}
