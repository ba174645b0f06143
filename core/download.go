package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// The files beside each archive.
const (
	sumSuffix       = ".sha256"
	signatureSuffix = ".sig"
)

// Files lists what the owner can download: the site's sealed archives, each
// with its checksum and, where the console has an archive key, its signature.
func (c *Console) Files(ctx context.Context, a Actor) ([]File, error) {
	lease, err := c.Authorize(ctx, a, CapDownload)
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	var files []File
	err = c.view(ctx, "list archives", func(tx Tx) error {
		files = nil
		infos, err := c.archiveInfos(tx, a.Name)
		for _, info := range infos {
			files = append(files, File{Name: info.Name, Size: info.Size, Time: info.Sealed})
			for _, suffix := range []string{sumSuffix, signatureSuffix} {
				archive, err := tx.Archives().Get(info.Name)
				if err != nil {
					return err
				}
				if beside := archive.beside(suffix); beside != "" {
					files = append(files, File{Name: info.Name + suffix, Size: int64(len(beside)), Time: info.Sealed})
				}
			}
		}
		return err
	})
	return files, err
}

// beside returns the content of a file that stands beside the archive.
func (a Archive) beside(suffix string) string {
	if suffix == signatureSuffix {
		return a.Signature
	}
	return a.SHA256 + "  " + a.ID + "\n"
}

// Download is one open file of an owner. It reads for as long as the grant
// lives. It is safe for concurrent use.
type Download struct {
	c       *Console
	actor   Actor
	lease   *Lease
	file    File
	reader  VaultReader // nil for a file beside an archive
	content string
	archive string // "" for a file beside an archive
}

// OpenFile opens one of Files by its name. Anything else is ErrNotFound, and
// the first read of an archive under a grant is logged and told of.
func (c *Console) OpenFile(ctx context.Context, a Actor, name string) (*Download, error) {
	lease, err := c.Authorize(ctx, a, CapDownload)
	if err != nil {
		return nil, err
	}
	d, err := c.openFile(ctx, a, lease, name)
	if err != nil {
		lease.Release()
		return nil, err
	}
	return d, nil
}

func (c *Console) openFile(ctx context.Context, a Actor, lease *Lease, name string) (*Download, error) {
	base, suffix := name, ""
	for _, s := range []string{sumSuffix, signatureSuffix} {
		if cut, ok := strings.CutSuffix(name, s); ok {
			base, suffix = cut, s
		}
	}
	var archive Archive
	err := c.view(ctx, "find archive", func(tx Tx) (err error) {
		archive, err = tx.Archives().Get(base)
		return err
	})
	if ignoreNotFound(err) != nil {
		return nil, err
	}
	if err != nil || archive.Site != a.Name || archive.State == ArchiveRemoved {
		return nil, Refuse(ErrNotFound, "There is no such file.")
	}
	d := &Download{c: c, actor: a, lease: lease, file: File{Name: name, Size: archive.Size, Time: archive.Sealed}}
	if suffix != "" {
		d.content = archive.beside(suffix)
		d.file.Size = int64(len(d.content))
		if d.content == "" {
			return nil, Refuse(ErrNotFound, "There is no such file.")
		}
		return d, nil
	}
	if d.reader, err = c.vault.Open(ctx, archive.ID); err != nil {
		return nil, err
	}
	if err := c.downloadBegins(ctx, a, archive.ID, lease.Grant()); err != nil {
		return nil, errors.Join(err, d.reader.Close())
	}
	d.archive = archive.ID
	c.traffic.open(archive.ID)
	return d, nil
}

// downloadBegins logs and tells of the first download of an archive in a grant.
func (c *Console) downloadBegins(ctx context.Context, a Actor, id string, grant Grant) error {
	return c.update(ctx, "begin download", a, func(t *turn) error {
		archive, err := t.Archives().Get(id)
		if err != nil || archive.Started == grant.ID {
			return err
		}
		site, err := t.Sites().Get(archive.Site)
		if err != nil {
			return err
		}
		archive.Started = grant.ID
		if _, err := t.Archives().Put(archive); err != nil {
			return err
		}
		_, err = t.tell(site, line{
			event: EventDownloadStarted, site: site.ID, grant: grant.ID, request: grant.Request,
			data: map[string]string{"archive": id, "size": fmt.Sprint(archive.Size)},
		}, nil)
		return err
	})
}

// Info describes the file.
func (d *Download) Info() File { return d.file }

// Size returns the file's size in bytes.
func (d *Download) Size() int64 { return d.file.Size }

// ReadAt implements io.ReaderAt. Once the grant has ended it fails with the
// reason, and what was read but not yet handed over is withheld.
func (d *Download) ReadAt(p []byte, offset int64) (int, error) {
	if err := d.alive(); err != nil {
		return 0, err
	}
	if offset < 0 {
		return 0, Refuse(ErrInvalid, "A file has no bytes before its first.")
	}
	if d.reader == nil {
		return strings.NewReader(d.content).ReadAt(p, offset)
	}
	n, err := d.reader.ReadAt(p, offset)
	if ended := d.alive(); ended != nil {
		clear(p)
		return 0, ended
	}
	d.c.traffic.sent(d.archive, Range{offset, offset + int64(n)}, d.c.clock.Now())
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read archive: %w", err)
	}
	return n, err
}

func (d *Download) alive() error {
	if ctx := d.lease.Context(); ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// closeTime bounds the writing of what was sent: by then the owner is gone.
const closeTime = 10 * time.Second

// Close writes down which bytes were sent and gives the lease back.
func (d *Download) Close() error {
	defer d.lease.Release()
	if d.reader == nil {
		return nil
	}
	err := d.reader.Close()
	ctx, cancel := context.WithTimeout(d.c.base, closeTime)
	defer cancel()
	ranges, _ := d.c.traffic.of(d.archive, d.c.clock.Now())
	err = errors.Join(err, d.c.downloadSent(ctx, d.actor, d.archive, d.lease.Grant(), ranges))
	d.c.traffic.close(d.archive)
	return err
}

// downloadSent adds ranges to the archive's record; when every byte has been
// sent it says so. Nobody can know that they were kept.
func (c *Console) downloadSent(ctx context.Context, a Actor, id string, grant Grant, ranges []Range) error {
	return c.update(ctx, "count download", a, func(t *turn) error {
		archive, err := t.Archives().Get(id)
		if err != nil {
			return ignoreNotFound(err)
		}
		for _, r := range ranges {
			archive.Served = addRange(archive.Served, r)
		}
		whole := archive.Whole.IsZero() && covered(archive.Served) >= archive.Size
		if whole {
			archive.Whole = t.now
		}
		if _, err := t.Archives().Put(archive); err != nil || !whole {
			return err
		}
		site, err := t.Sites().Get(archive.Site)
		if err != nil {
			return ignoreNotFound(err)
		}
		_, err = t.tell(site, line{
			event: EventDownloadWhole, site: site.ID, grant: grant.ID, request: grant.Request,
			data: map[string]string{"archive": id, "size": fmt.Sprint(archive.Size), "sha256": archive.SHA256},
		}, nil)
		return err
	})
}
