package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The files of an instance: a folder for each kind, in it a JSON file for each resource, and one file that says that the
// directory is an instance.
const (
	manifest = "parley.json"
	format   = 1
	suffix   = ".json"
	// maxFile is the size of the largest file that is read.
	maxFile = 8 << 20
)

// maxFiles and maxTotal bound what is read of a directory: files, and their bytes in all.
var (
	maxFiles       = 200_000
	maxTotal int64 = 512 << 20
)

var manifestText = []byte(fmt.Sprintf("{\n  \"Format\": %d\n}\n", format))

// Write makes files of the bundle: dir is new, empty, or written by Write before. Files of resources that are gone go too,
// and those that have not changed are not touched.
func (b *Bundle) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it was only looked into
	if err := ours(root, dir); err != nil {
		return err
	}
	if err := writeIn(root, manifest, manifestText); err != nil {
		return err
	}
	for _, k := range b.kinds {
		if err := b.writeKind(root, k); err != nil {
			return err
		}
	}
	return nil
}

// CheckTarget refuses a directory that [Bundle.Write] would refuse. One that is not there yet is made then.
func CheckTarget(dir string) error {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it was only looked into
	return ours(root, dir)
}

// ours refuses a directory with files that are not of an instance, or of one in another format.
func ours(root *os.Root, dir string) error {
	switch src, err := readFile(root, manifest); {
	case err == nil:
		if v, err := parse(src, true); err != nil || v.get("Format").int() != format {
			return fmt.Errorf("%s has a %s that does not say \"Format\": %d: it was not written by parley, or by another version; choose another directory", dir, manifest, format)
		}
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", dir, err)
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			return fmt.Errorf("%s has other files, %s for one, and no %s: choose a directory that is new or empty, or one that was written like this before", dir, e.Name(), manifest)
		}
	}
	return nil
}

// readFile reads a regular file that is not too large.
func readFile(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", name, info.Size(), maxFile)
	}
	return root.ReadFile(name)
}

func (b *Bundle) writeKind(root *os.Root, k *kind) error {
	if err := root.MkdirAll(k.folder, 0o755); err != nil {
		return err
	}
	var names []string
	var all []*resource
	for _, r := range b.all {
		if r.of == k {
			all, names = append(all, r), append(names, r.name)
		}
	}
	hidden, err := hiddenIn(root, k)
	if err != nil {
		return err
	}
	written := map[string]string{} // by its folded name
	for i, file := range fileNames(names) {
		if err := writeIn(root, path.Join(k.folder, file), all[i].with(hidden[all[i].name]).text()); err != nil {
			return err
		}
		written[folded(file)] = file
	}
	entries, err := fs.ReadDir(root.FS(), k.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		file := written[folded(e.Name())]
		if !isJSON(e.Name()) || strings.HasPrefix(e.Name(), ".") || e.IsDir() || e.Name() == file ||
			file != "" && sameFile(root, path.Join(k.folder, e.Name()), path.Join(k.folder, file)) {
			continue
		}
		if err := root.Remove(path.Join(k.folder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// sameFile says that two names are of one file: some file systems keep the case and the form that a name had first.
func sameFile(root *os.Root, a, b string) bool {
	x, errA := root.Lstat(a)
	y, errB := root.Lstat(b)
	return errA == nil && errB == nil && os.SameFile(x, y)
}

// hiddenIn are the members that the service never shows, by the names of the resources in whose files they are now. Nobody
// could write them again.
func hiddenIn(root *os.Root, k *kind) (map[string]*value, error) {
	all := map[string]*value{}
	if !slices.ContainsFunc(k.members, func(m member) bool { return m.hidden }) {
		return all, nil
	}
	entries, err := fs.ReadDir(root.FS(), k.folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !isJSON(e.Name()) || strings.HasPrefix(e.Name(), ".") || !e.Type().IsRegular() {
			continue
		}
		src, err := readFile(root, path.Join(k.folder, e.Name()))
		if err != nil {
			return nil, err
		}
		v, err := parse(src, true)
		if err != nil || v.get("Kind").str() != k.word {
			continue
		}
		found := object()
		for _, m := range k.members {
			if m.hidden {
				found.set(m.name, v.get(m.name))
			}
		}
		all[v.get("Name").str()] = found
	}
	return all, nil
}

// with is the resource with members that it does not have; nil for none.
func (r *resource) with(more *value) *resource {
	if more == nil {
		return r
	}
	out, members := *r, object()
	for _, v := range []*value{more, r.members} {
		for i, name := range v.names {
			members.set(name, v.kids[i])
		}
	}
	out.members = r.of.tidy(members)
	return &out
}

// text is the resource as a file.
func (r *resource) text() []byte {
	v := one("Kind", text(r.kind))
	if r.of.derive == nil || r.of.derive(r.members) != r.name {
		v.set("Name", text(r.name))
	}
	for i, name := range r.members.names {
		v.set(name, r.members.kids[i])
	}
	return v.indented()
}

// writeIn puts a file in its place whole, unless it is there already.
func writeIn(root *os.Root, name string, data []byte) error {
	if old, err := root.ReadFile(name); err == nil && string(old) == string(data) {
		return nil
	}
	tmp := path.Join(path.Dir(name), ".parley-"+hash(name))
	if err := root.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	return root.Rename(tmp, name)
}

// maxFileName is how many bytes of a name a file is called by, beside its suffix: file systems take 255 in all.
const maxFileName = 120

// folded is the same for names that some file system takes for one: to some case is nothing, and some write letters with
// accents in another form.
func folded(name string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
}

// fileNames are the names of the files of resources. The names differ on all file systems; see [folded].
func fileNames(names []string) []string {
	files := make([]string, len(names))
	count := map[string]int{}
	for i, name := range names {
		files[i] = fileName(name)
		count[folded(files[i])]++
	}
	for i, name := range names {
		if count[folded(files[i])] > 1 {
			files[i] += "~" + hash(name)
		}
		files[i] += suffix
	}
	return files
}

// fileName is a name that every file system takes: what some refuse is written as %XX, as in URLs.
func fileName(name string) string {
	var b strings.Builder
	for i, r := range name {
		n := utf8.RuneLen(r)
		edge := i == 0 || i+n == len(name)
		switch {
		case n < 0, strings.ContainsRune(`/\:*?"<>|%~`, r), edge && (r == '.' || r == ' '), !unicode.IsPrint(r):
			for _, c := range []byte(name[i : i+max(n, 1)]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		default:
			b.WriteRune(r)
		}
	}
	file := b.String()
	base, _, _ := strings.Cut(strings.ToUpper(file), ".")
	if slices.Contains(devices, strings.TrimRight(base, " ")) {
		file = fmt.Sprintf("%%%02X%s", file[0], file[1:])
	}
	if len(file) > maxFileName {
		cut := maxFileName
		for cut > 0 && !utf8.RuneStart(file[cut]) {
			cut--
		}
		file = strings.TrimRight(file[:cut], " .") + "~" + hash(name)
	}
	return file
}

// devices are names that Windows keeps for itself.
var devices = []string{
	"CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
	"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
}

func hash(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:4])
}

// Deletable says why nothing must be deleted for want of a file in the directory; nothing when it can be.
func (b *Bundle) Deletable() Problems {
	if b.marked {
		return nil
	}
	return Problems{{File: manifest, Text: fmt.Sprintf("the directory has no %s, so that it may not be what it is taken for, and nothing is deleted because it is not there; add the file with %s", manifest, strings.Join(strings.Fields(string(manifestText)), " "))}}
}

// Problem is something that is wrong with a file.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	Text string `json:"problem"`
}

func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return p.File + ": " + p.Text
}

// Problems are all that is wrong. Nothing is changed while there are any.
type Problems []Problem

func (p Problems) Error() string {
	all := make([]string, len(p))
	for i := range p {
		all[i] = p[i].String()
	}
	return strings.Join(all, "\n")
}

// reader reads a directory.
type dirReader struct {
	root     *os.Root
	bundle   *Bundle
	problems Problems
	// files and bytes are how many were read; over says that no more are.
	files int
	bytes int64
	over  bool
}

// Open reads the files of a directory, and lists all that is wrong with each of them. What is wrong between them, and with
// an instance, [Client.Plan] finds. Symbolic links are not followed, and names that begin with a dot are passed over, as
// are files in no JSON.
func Open(dir string) (*Bundle, Problems, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close() //nolint:errcheck // it was only looked into
	r := &dirReader{root: root, bundle: &Bundle{by: map[key]*resource{}}}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if err := r.top(e); err != nil {
			return nil, nil, err
		}
	}
	r.bundle.sort()
	r.names()
	for _, res := range r.bundle.all {
		r.problems = append(r.problems, res.check()...)
	}
	return r.bundle, r.problems, nil
}

func (r *dirReader) wrong(file string, line int, format string, a ...any) {
	r.problems = append(r.problems, Problem{file, line, fmt.Sprintf(format, a...)})
}

// isJSON says that a file is read: in whatever case its suffix is written, since some file systems and programs do not
// tell them apart.
func isJSON(name string) bool { return strings.EqualFold(path.Ext(name), suffix) }

// passedOver are entries that are nobody's business.
func (r *dirReader) passedOver(file string, e fs.DirEntry) bool {
	if strings.HasPrefix(e.Name(), ".") {
		return true
	}
	if e.Type()&fs.ModeSymlink != 0 {
		r.wrong(file, 0, "this is a symbolic link, and links are not followed: put the file itself there")
		return true
	}
	if !e.IsDir() && !isJSON(e.Name()) {
		return true
	}
	if !e.IsDir() && !e.Type().IsRegular() {
		r.wrong(file, 0, "this is no regular file")
		return true
	}
	return false
}

// top reads an entry of the directory itself.
func (r *dirReader) top(e fs.DirEntry) error {
	k := byFolder()[e.Name()]
	switch {
	case r.passedOver(e.Name(), e):
	case e.Name() == manifest:
		return r.manifest(e)
	case !e.IsDir():
		r.wrong(e.Name(), 0, "files of resources are in the folder of their kind, such as %s", path.Join("queues", e.Name()))
	case k == nil:
		r.wrong(e.Name(), 0, "this is the folder of no kind; the folders are %s", strings.Join(folders(), ", "))
	default:
		r.bundle.kinds = append(r.bundle.kinds, k)
		entries, err := fs.ReadDir(r.root.FS(), k.folder)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := r.file(k, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func folders() (all []string) {
	for _, k := range kinds() {
		all = append(all, k.folder)
	}
	return all
}

func (r *dirReader) manifest(e fs.DirEntry) error {
	src, err := r.read(manifest, e)
	if src == nil {
		return err
	}
	r.bundle.marked = true
	v, err := parse(src, true)
	switch {
	case err != nil:
		r.syntax(manifest, src, err)
	case v.get("Format").int() != format:
		r.wrong(manifest, 1, "Format must be %d, the only one that this version knows", format)
	}
	return nil
}

func (r *dirReader) syntax(file string, src []byte, err error) {
	var where *syntaxError
	at := 0
	if errors.As(err, &where) {
		at = where.at
	}
	reason := err.Error()
	switch {
	case strings.HasPrefix(string(src), "\xef\xbb\xbf"):
		reason = "the file begins with a byte order mark: save it as UTF-8 without one"
	case strings.HasPrefix(string(src), "\xff\xfe"), strings.HasPrefix(string(src), "\xfe\xff"):
		reason = "the file is UTF-16: save it as UTF-8"
	case len(src) == 0:
		reason = "the file is empty"
	}
	r.wrong(file, line(src, at), "%s", reason)
}

// read reads a file; nil is one that is not read, which is told.
func (r *dirReader) read(name string, e fs.DirEntry) ([]byte, error) {
	if r.over {
		return nil, nil
	}
	info, err := e.Info()
	if err != nil {
		return nil, err
	}
	r.files, r.bytes = r.files+1, r.bytes+info.Size()
	switch {
	case info.Size() > maxFile:
		r.wrong(name, 0, "the file has %d bytes; at most %d are read", info.Size(), maxFile)
		return nil, nil
	case r.files > maxFiles || r.bytes > maxTotal:
		r.over = true
		r.wrong(name, 0, "the directory has too much from here on: at most %d files, with %d bytes in all, are read", maxFiles, maxTotal)
		return nil, nil
	}
	src, err := r.root.ReadFile(name)
	if err == nil && src == nil {
		src = []byte{}
	}
	return src, err
}

// file reads a file of a kind.
func (r *dirReader) file(k *kind, e fs.DirEntry) error {
	name := path.Join(k.folder, e.Name())
	if r.passedOver(name, e) {
		return nil
	}
	if e.IsDir() {
		r.wrong(name, 0, "the folder of a kind has no folders in it")
		return nil
	}
	src, err := r.read(name, e)
	if src == nil {
		return err
	}
	root, err := parse(src, true)
	if err != nil {
		r.syntax(name, src, err)
		return nil
	}
	if root.kind != '{' {
		r.wrong(name, 1, "the file must hold a JSON object")
		return nil
	}
	res := &resource{of: k, file: name, src: src, root: root}
	res.kind = k.word
	if r.head(res) {
		r.bundle.all = append(r.bundle.all, res)
	}
	return nil
}

// head reads what a file says it is.
func (r *dirReader) head(res *resource) (ok bool) {
	k, at := res.of, func(name string) int { return line(res.src, res.root.find(name).at) }
	c := checker{r: res}
	for i, kid := range res.root.kids {
		if kid.kind == 'n' {
			c.wrong(kid, "%s must not be null; leave it out", res.root.names[i])
		}
	}
	r.problems = append(r.problems, c.problems...)
	switch said := res.root.get("Kind"); {
	case said == nil:
		r.wrong(res.file, 1, `Kind is missing: the files of this folder have "Kind": %q`, k.word)
		return false
	case said.str() != k.word:
		r.wrong(res.file, at("Kind"), "this is a file for another kind: Kind is %q, and the files of %s/ have %q", said.text, k.folder, k.word)
		return false
	}
	members, known := object(), k.names()
	for i, name := range res.root.names {
		if name != "Kind" && name != "Name" && slices.Contains(known, name) {
			members.set(name, res.root.kids[i])
		}
	}
	res.members = members
	res.name = res.root.get("Name").str()
	if k.derive != nil {
		derived := k.derive(members)
		own := ""
		if k.is != "" {
			own = members.find(k.is).str()
		}
		if res.name != "" && res.name != derived && res.name != own {
			r.wrong(res.file, at("Name"), "Name can be left out here, or must be %q", derived)
		}
		if res.name == "" {
			res.name = derived
		}
	}
	if res.name == "" {
		r.wrong(res.file, at("Name"), "Name is missing or empty")
		return false
	}
	res.members = k.tidy(members)
	return true
}

// names refuses two files for one name.
func (r *dirReader) names() {
	var kept []*resource
	for _, res := range r.bundle.all {
		if other := r.bundle.by[res.key]; other != nil {
			r.wrong(res.file, line(res.src, res.root.find("Name").at), "%s is the file for this name too: two files for the %s", other.file, res)
			continue
		}
		r.bundle.by[res.key] = res
		kept = append(kept, res)
	}
	r.bundle.all = kept
}
