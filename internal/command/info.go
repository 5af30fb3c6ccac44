package command

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"time"

	"trestle/internal/workspace"
)

func runInfo(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace info", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		info, err := w.Info(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			enc := json.NewEncoder(s.out)
			enc.SetEscapeHTML(false)
			return enc.Encode(infoObject(info))
		}
		return s.printInfo(info)
	})
}

func (s *session) printInfo(i workspace.Info) error {
	backup := "never, as far as this file knows"
	if !i.LastBackup.IsZero() {
		backup = i.LastBackup.UTC().Format(time.RFC3339)
	}
	older := "an older copy in its place would not be seen on this computer"
	if i.Anchored {
		older = "an older copy in its place would be seen on this computer"
	}
	rows := [][]string{
		{"workspace", clean(i.Name)},
		{"project", clean(i.Project)},
		{"made", i.Created.UTC().Format(time.RFC3339)},
		{"backup", backup},
		{"roll-back", older},
		{"size", plural(i.Size, "byte", "bytes")},
		{"cipher", fmt.Sprintf("%s, pages of %s", i.Cipher, plural(int64(i.PageSize), "byte", "bytes"))},
		{"passphrase", fmt.Sprintf("%s; %s in use", i.KDF, plural(int64(i.Slots), "key slot", "key slots"))},
		{"format", fmt.Sprintf("file %d, tables %d, SQLite %s", i.FormatVersion, i.SchemaVersion, i.SQLite)},
		{"file id", i.FileID},
		{"workspace id", i.WorkspaceID},
		{"access log", plural(i.LogEntries, "entry", "entries")},
		{"messages", thousands(i.Messages)},
	}
	if err := writeAligned(s.out, "", rows); err != nil {
		return err
	}
	for _, list := range []struct {
		title   string
		tallies []workspace.Tally
	}{{"by type", i.ByType}, {"by source", i.Sources}} {
		if len(list.tallies) == 0 {
			continue
		}
		fmt.Fprintf(s.out, "\n%s\n", list.title)
		rows := make([][]string, len(list.tallies))
		for j, t := range list.tallies {
			rows[j] = []string{fmt.Sprintf("%9s", thousands(t.Messages)), clean(t.Name)}
		}
		if err := writeAligned(s.out, "", rows); err != nil {
			return err
		}
	}
	return nil
}

type jsonTally struct {
	Name     string `json:"name"`
	Messages int64  `json:"messages"`
}

type jsonInfo struct {
	Name          string      `json:"name"`
	Project       string      `json:"project"`
	FileID        string      `json:"fileId"`
	WorkspaceID   string      `json:"workspaceId"`
	FormatVersion int         `json:"formatVersion"`
	SchemaVersion int         `json:"schemaVersion"`
	Cipher        string      `json:"cipher"`
	KDF           string      `json:"kdf"`
	KeySlots      int         `json:"keySlots"`
	PageSize      int         `json:"pageSize"`
	Size          int64       `json:"size"`
	Messages      int64       `json:"messages"`
	ByType        []jsonTally `json:"byType"`
	BySource      []jsonTally `json:"bySource"`
	LogEntries    int64       `json:"logEntries"`
	Created       time.Time   `json:"created"`
	LastBackup    *time.Time  `json:"lastBackup"`
	Anchored      bool        `json:"anchored"`
	SQLite        string      `json:"sqlite"`
}

func infoObject(i workspace.Info) jsonInfo {
	tallies := func(list []workspace.Tally) []jsonTally {
		out := make([]jsonTally, len(list))
		for j, t := range list {
			out[j] = jsonTally(t)
		}
		return out
	}
	return jsonInfo{
		Name: i.Name, Project: i.Project, FileID: i.FileID, FormatVersion: i.FormatVersion, SchemaVersion: i.SchemaVersion,
		Cipher: i.Cipher, KDF: i.KDF, KeySlots: i.Slots, PageSize: i.PageSize, Size: i.Size, Messages: i.Messages,
		ByType: tallies(i.ByType), BySource: tallies(i.Sources), LogEntries: i.LogEntries, Created: i.Created.UTC(), WorkspaceID: i.WorkspaceID,
		LastBackup: orNull(i.LastBackup), Anchored: i.Anchored, SQLite: i.SQLite,
	}
}
