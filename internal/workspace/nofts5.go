//go:build !fts5

package workspace

// SQLite without full-text search cannot hold a workspace. Build with: go build -tags migrated_fynedo,no_emoji,no_metadata,fts5 ./app
var _ = build_with_the_tag_fts5__see_README_or_use_make_build
