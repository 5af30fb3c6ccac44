package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"time"
	"unicode/utf8"
)

// FileJournal writes exchanges to a file, one JSON object a line. A batch is written and brought to the disk at once. The ID of
// an exchange is the place of its line in the file, from 1. The file holds patient data in clear, unless payloads are not
// kept; it is made for its user alone (mode 0600). One program at a time writes to a file.
type FileJournal struct {
	mu     sync.Mutex
	file   *os.File
	offset int64
	buffer bytes.Buffer
	err    error // the first failure to write: what follows it would be unsure
}

// OpenFileJournal opens or makes the file, and goes on at its end. A line that a crash left unfinished was never acknowledged; it
// stays, and readers pass over it.
func OpenFileJournal(path string) (*FileJournal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &FileJournal{file: f}
	if err := j.toEnd(); err != nil {
		f.Close()
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	return j, nil
}

func (j *FileJournal) toEnd() error {
	info, err := j.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file: name a file that ends with .jsonl", j.file.Name())
	}
	if j.offset = info.Size(); j.offset == 0 {
		return nil
	}
	var last [1]byte
	if _, err := j.file.ReadAt(last[:], j.offset-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		if _, err := j.file.Write([]byte("\n")); err != nil {
			return err
		}
		j.offset++
	}
	return nil
}

// Append writes the batch and waits for the disk.
func (j *FileJournal) Append(_ context.Context, batch []*Exchange) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.buffer.Reset()
	ids := make([]int64, len(batch))
	for i, e := range batch {
		ids[i] = j.offset + int64(j.buffer.Len()) + 1
		if err := j.line(Line{Exchange: lineOf(e, ids[i])}); err != nil {
			return err
		}
	}
	if err := j.write(true); err != nil {
		return err
	}
	for i, e := range batch {
		e.ID = ids[i]
	}
	return nil
}

// Complete writes lines that name the exchanges they complete.
func (j *FileJournal) Complete(_ context.Context, batch []Completion) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.buffer.Reset()
	for i := range batch {
		c := &batch[i]
		err := j.line(Line{Completes: &lineCompletion{c.ID, at(c.Committed), at(c.ReplyWritten), c.Outcome, c.Detail}})
		if err != nil {
			return err
		}
	}
	return j.write(false)
}

func (j *FileJournal) line(l Line) error {
	e := json.NewEncoder(&j.buffer) // ends each value with a line feed
	e.SetEscapeHTML(false)
	return e.Encode(l)
}

func (j *FileJournal) write(sync bool) error {
	if j.err != nil {
		return j.err
	}
	n, err := j.file.Write(j.buffer.Bytes())
	j.offset += int64(n)
	if err == nil && sync {
		err = j.file.Sync()
	}
	if err != nil {
		// After a failed sync nobody knows what is on the disk: better to refuse all that follows.
		j.err = fmt.Errorf("write the journal: %w; free some room and start again", err)
	}
	if j.buffer.Cap() > 4<<20 {
		j.buffer = bytes.Buffer{}
	}
	return j.err
}

// Close brings everything to the disk and closes the file.
func (j *FileJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return errors.Join(j.file.Sync(), j.file.Close())
}

// Line is one line of a journal file: an exchange, or what became known of an earlier one.
type Line struct {
	Exchange  *LineExchange   `json:"exchange,omitempty"`
	Completes *lineCompletion `json:"completes,omitempty"`
}

type lineCompletion struct {
	ID           int64   `json:"id"`
	Committed    string  `json:"committed,omitempty"`
	ReplyWritten string  `json:"replyWritten,omitempty"`
	Outcome      Outcome `json:"outcome,omitempty"`
	Detail       string  `json:"detail,omitempty"`
}

// LineExchange is an exchange as a journal file has it. Bytes that are valid UTF-8 are text, others base64.
type LineExchange struct {
	ID            int64     `json:"id"`
	Endpoint      string    `json:"endpoint"`
	Run           string    `json:"run,omitempty"`
	Kind          Kind      `json:"kind"`
	Direction     Direction `json:"direction"`
	Conversation  string    `json:"conversation"`
	Connection    uint64    `json:"connection,omitempty"`
	Peer          string    `json:"peer"`
	TLS           *TLS      `json:"tls,omitempty"`
	FirstByte     string    `json:"firstByte,omitempty"`
	LastByte      string    `json:"lastByte,omitempty"`
	Decided       string    `json:"decided,omitempty"`
	Type          string    `json:"type,omitempty"`
	Trigger       string    `json:"trigger,omitempty"`
	ControlID     string    `json:"controlId,omitempty"`
	MRN           string    `json:"mrn,omitempty"`
	Account       string    `json:"account,omitempty"`
	Code          string    `json:"code,omitempty"`
	Rule          string    `json:"rule,omitempty"`
	Sentence      string    `json:"sentence,omitempty"`
	Faults        []string  `json:"faults,omitempty"`
	Findings      []Finding `json:"findings,omitempty"`
	Attempt       int       `json:"attempt,omitempty"`
	MaybeTwice    bool      `json:"maybeTwice,omitempty"`
	Expected      string    `json:"expected,omitempty"`
	Passed        bool      `json:"passed,omitempty"`
	Outcome       Outcome   `json:"outcome"`
	Detail        string    `json:"detail,omitempty"`
	RequestSize   int64     `json:"requestSize"`
	RequestSHA256 string    `json:"requestSha256,omitempty"`
	Request       string    `json:"request,omitempty"`
	RequestBase64 []byte    `json:"requestBase64,omitempty"`
	ReplySize     int64     `json:"replySize"`
	ReplySHA256   string    `json:"replySha256,omitempty"`
	Reply         string    `json:"reply,omitempty"`
	ReplyBase64   []byte    `json:"replyBase64,omitempty"`
}

// at writes a time to the microsecond.
func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

func hash(h [32]byte) string {
	if h == [32]byte{} {
		return ""
	}
	return hex.EncodeToString(h[:])
}

func lineOf(e *Exchange, id int64) *LineExchange {
	l := &LineExchange{
		ID: id, Endpoint: e.Endpoint, Run: e.Run, Kind: e.Kind, Direction: e.Direction, Conversation: e.Conversation,
		Connection: e.Connection, Peer: e.Peer, TLS: e.TLS, FirstByte: at(e.FirstByte), LastByte: at(e.LastByte), Decided: at(e.Decided),
		Type: e.Type, Trigger: e.Trigger, ControlID: e.ControlID, MRN: e.MRN, Account: e.Account, Code: e.Code, Rule: e.Rule,
		Sentence: e.Sentence, Faults: e.Faults, Findings: e.Findings, Attempt: e.Attempt, MaybeTwice: e.MaybeTwice,
		Expected: e.Expected, Passed: e.Passed, Outcome: e.Outcome, Detail: e.Detail,
		RequestSize: e.RequestSize, RequestSHA256: hash(e.RequestSHA256), ReplySize: e.ReplySize, ReplySHA256: hash(e.ReplySHA256),
	}
	l.Request, l.RequestBase64 = textOrBytes(e.Request)
	l.Reply, l.ReplyBase64 = textOrBytes(e.Reply)
	return l
}

func textOrBytes(b []byte) (string, []byte) {
	if utf8.Valid(b) {
		return string(b), nil
	}
	return "", b
}

// RequestBytes are the bytes of the request, nil where they were not kept.
func (l *LineExchange) RequestBytes() []byte { return bytesOr(l.Request, l.RequestBase64) }

// ReplyBytes are the bytes of the reply.
func (l *LineExchange) ReplyBytes() []byte { return bytesOr(l.Reply, l.ReplyBase64) }

func bytesOr(text string, b []byte) []byte {
	if text != "" {
		return []byte(text)
	}
	return b
}

// ReadFileJournal reads the lines of a journal file in order. Lines that a crash cut are passed over.
func ReadFileJournal(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		br := bufio.NewReaderSize(r, 1<<20)
		for {
			b, err := br.ReadBytes('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Line{}, fmt.Errorf("read the journal: %w", err))
				return
			}
			var l Line
			if len(b) > 1 && json.Unmarshal(b, &l) == nil && !yield(l, nil) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}
