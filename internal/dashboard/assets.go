package dashboard

import (
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file that pages name by what is in it, so that browsers may keep
// it for ever.
type asset struct {
	media string
	plain []byte
	small []byte // compressed
	name  string // with a part of its hash
}

var assetMedia = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

const hashChars = 12

// loadAssets returns the files by the names under which they are served.
func loadAssets() (map[string]*asset, error) {
	files, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("list the assets: %w", err)
	}
	all := map[string]*asset{}
	for _, file := range files {
		plain, err := assetFiles.ReadFile(path.Join("assets", file.Name()))
		if err != nil {
			return nil, fmt.Errorf("read an asset: %w", err)
		}
		sum := sha256.Sum256(plain)
		stem, extension := strings.TrimSuffix(file.Name(), path.Ext(file.Name())), path.Ext(file.Name())
		one := &asset{media: assetMedia[extension], plain: plain, name: stem + "." + hex.EncodeToString(sum[:])[:hashChars] + extension}
		if one.small, err = squeezed(plain, gzip.BestCompression); err != nil {
			return nil, err
		}
		all[one.name] = one
	}
	return all, nil
}

// assetNamed is the address of a file, below the dashboard's.
func (d *Dashboard) assetNamed(file string) (string, error) {
	for name, one := range d.assets {
		if stem, _, _ := strings.Cut(name, "."); stem+path.Ext(name) == file && one != nil {
			return "assets/" + name, nil
		}
	}
	return "", fmt.Errorf("dashboard: there is no asset %s", file)
}

func serveAsset(v *visit) error {
	one := v.assets[v.r.PathValue("name")]
	if one == nil {
		return nothingHere()
	}
	head := v.w.Header()
	head.Set("Content-Type", one.media)
	head.Set("Cache-Control", "public, max-age=31536000, immutable")
	body := one.plain
	if takesGzip(v.r) {
		head.Set("Content-Encoding", "gzip")
		body = one.small
	}
	v.send(200, body, false)
	return nil
}
