package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the sample site's guest book
)

// samplePages are the sample site's pages by file name.
var samplePages = map[string]string{
	"index.html": `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Acme Bakery</title>
<link rel="stylesheet" href="style.css"></head><body><h1>Acme Bakery</h1>
<p>Fresh bread since 1974. <a href="bread.html">Our bread</a>, <a href="contact.html">where we are</a>.</p>
<p><img src="images/loaf.png" alt="A loaf of bread" width="320" height="200"></p></body></html>
`,
	"bread.html": `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Our bread</title>
<link rel="stylesheet" href="style.css"></head><body><h1>Our bread</h1>
<ul><li>Rye, 800 g</li><li>Spelt, 600 g</li><li>White tin, 500 g</li></ul></body></html>
`,
	"contact.html": `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Where we are</title>
<link rel="stylesheet" href="style.css"></head><body><h1>Where we are</h1>
<p>12 Mill Street. Open from 7 in the morning.</p></body></html>
`,
	"style.css": "body { font-family: Georgia, serif; max-width: 40em; margin: 2em auto; color: #333; }\n",
}

const (
	samplePhotos    = 8
	samplePhotoSide = 640 // pixels; noise, so that the backup has something to do
	sampleEntries   = 2000
)

// makeSampleSite makes pages, images and an SQLite database under root.
func makeSampleSite(ctx context.Context, root string) error {
	for _, dir := range []string{"images/photos", "data"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil { //nolint:gosec // a website is readable
			return err
		}
	}
	for name, text := range samplePages {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	random := sampleRandom()
	if err := samplePicture(filepath.Join(root, "images", "loaf.png"), 320, 200, random); err != nil {
		return err
	}
	for n := range samplePhotos {
		name := filepath.Join(root, "images", "photos", fmt.Sprintf("photo-%02d.png", n+1))
		if err := samplePicture(name, samplePhotoSide, samplePhotoSide, random); err != nil {
			return err
		}
	}
	return sampleDatabase(ctx, filepath.Join(root, "data", "guestbook.sqlite"))
}

// sampleRandom is the grain of the pictures: pixels, no secrets.
func sampleRandom() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{19, 74}) }

// samplePicture draws a loaf on a grainy table.
func samplePicture(path string, width, height int, random *rand.ChaCha8) error {
	picture := image.NewGray(image.Rect(0, 0, width, height))
	if _, err := random.Read(picture.Pix); err != nil {
		return err
	}
	for i, grain := range picture.Pix {
		dx, dy := float64(i%width)/float64(width)-0.5, float64(i/width)/float64(height)-0.5
		picture.Pix[i] = 90 + grain/4
		if dx*dx*5+dy*dy*9 < 1 {
			picture.Pix[i] += 80
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, picture); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644) //nolint:gosec // a website is readable
}

// sampleDatabase makes the guest book.
func sampleDatabase(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, "CREATE TABLE guestbook (id INTEGER PRIMARY KEY, name TEXT NOT NULL, words TEXT NOT NULL)"); err != nil {
		return err
	}
	for n := range sampleEntries {
		_, err := tx.ExecContext(ctx, "INSERT INTO guestbook (name, words) VALUES (?, ?)",
			fmt.Sprintf("Guest %d", n+1), "The rye was worth the walk. 🥖")
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
