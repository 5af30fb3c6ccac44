package uitest

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
)

// Shot writes a picture of the window to the folder in $SHOTS, if it is set.
func (w *Window) Shot(name string) {
	w.t.Helper()
	if dir := os.Getenv("SHOTS"); dir != "" {
		w.Settle()
		if err := write(filepath.Join(dir, strings.TrimSuffix(name, ".png")+".png"), w.Canvas().Capture()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// Golden compares the window with testdata/golden/<name>.png and fails where more than a few pixels differ by more
// than rounding explains. Use it for widgets in our embedded fonts only: what falls back to a font of the system looks
// different on each one.
func (w *Window) Golden(name string) {
	w.t.Helper()
	w.Settle()
	got := w.Canvas().Capture()
	path := filepath.Join("testdata", "golden", name+".png")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := write(path, got); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	f, err := os.Open(path)
	if err != nil {
		w.t.Fatalf("no golden picture (UPDATE_GOLDEN=1 makes it): %v", err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		w.t.Fatalf("the golden picture %s cannot be read: %v", path, err)
	}
	if err := Same(want, got); err != nil {
		failed := filepath.Join(w.t.ArtifactDir(), name+".png")
		if err := write(failed, got); err != nil {
			w.t.Error(err)
		}
		w.t.Errorf("%s: %v; what was drawn is %s (keep it with go test -artifacts)", name, err, filepath.Base(failed))
	}
}

const (
	tolerance  = 24     // by which a channel may differ: floating point rounds differently on other processors
	strayParts = 2000.0 // one pixel in so many may differ more
)

// Same tells whether two pictures show the same, and if not, how much differs and where.
func Same(want, got image.Image) error {
	if want.Bounds().Size() != got.Bounds().Size() {
		return fmt.Errorf("the size is %v, want %v", got.Bounds().Size(), want.Bounds().Size())
	}
	size := want.Bounds().Size()
	stray, box := 0, image.Rectangle{}
	for y := range size.Y {
		for x := range size.X {
			ar, ag, ab, _ := want.At(want.Bounds().Min.X+x, want.Bounds().Min.Y+y).RGBA()
			br, bg, bb, _ := got.At(got.Bounds().Min.X+x, got.Bounds().Min.Y+y).RGBA()
			if apart(ar, br) || apart(ag, bg) || apart(ab, bb) {
				stray++
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if float64(stray) > float64(size.X*size.Y)/strayParts {
		return fmt.Errorf("%d of %d pixels differ, within %v", stray, size.X*size.Y, box)
	}
	return nil
}

func apart(a, b uint32) bool {
	d := int(a>>8) - int(b>>8)
	return d > tolerance || d < -tolerance
}

func write(path string, img image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of a picture: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing a picture: %w", err)
	}
	if err := png.Encode(f, img); err != nil {
		f.Close()
		return fmt.Errorf("writing a picture: %w", err)
	}
	return f.Close()
}
