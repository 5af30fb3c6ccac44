package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// entry is one command.
type entry struct {
	name    string // "inspect", "workspace new"
	usage   string // what follows "trestle "
	summary string // one line, for the list
	text    string // the rest of its help
	run     func(ctx context.Context, s *session, args []string) error
}

// entries lists the commands in the order of the help. It is a function because help itself reads it.
func entries() []entry {
	return []entry{
		{"window", "[window] [--sample] [--or-tour] [WORKSPACE] [FILE...]", "open the window", windowHelp, runWindow},
		{"inspect", "inspect [--json] [--fail-on SEVERITY] [--minimum SEVERITY] [--profile P] [-r] FILE...", "say what is in files and what is wrong with it", inspectHelp, runInspect},
		{"profile list", "profile list", "list the starter profiles of partner systems", profileListHelp, runProfileList},
		{"profile show", "profile show [--yaml] P", "print a profile: rules, facts, questions, and how well they are supported", profileShowHelp, runProfileShow},
		{"profile learn", "profile learn [--name NAME] [--out FILE] [-r] FILE...", "write a profile from sample messages", profileLearnHelp, runProfileLearn},
		{"profile check", "profile check --profile P [--json] [--open] [--fail-on SEVERITY] [-r] FILE...", "count what messages do against a profile", profileCheckHelp, runProfileCheck},
		{"profile decide", "profile decide PROFILE MESSAGE PATH FINDING DECISION [NOTE]", "keep what was decided about a gap", profileDecideHelp, runProfileDecide},
		{"get", "get [--raw] [-r] PATH[,PATH...] FILE...", "print the values at paths, one line a message", getHelp, runGet},
		{"find", "find [--raw] [--json] [--count] [--limit N] [-r] QUERY FILE...", "print the messages of files that answer a query", findFilesText(), runFindFiles},
		{"stats", "stats [--where QUERY] [--top N] [--json] [-r] PATH[,PATH...] FILE...", "count the values at paths", statsHelp, runStats},
		{"clean", "clean FILE...", "take the messages out of logs, mails and source code", cleanHelp, runClean},
		{"convert", "convert --to json|xml|er7|csv [--paths PATH,...] [--joiner TEXT] [--rows] [--guard] [--pretty] [--out FILE] [-r] FILE...", "write messages as JSON, XML, CSV or HL7", convertHelp, runConvert},
		{"join", "join [--size N] [--batch-only] [--id TEXT] [--name TEXT] [--no-time] [--out FILE] [-r] FILE...", "put messages into one batch file, with true counts", joinHelp, runJoin},
		{"split", "split --out-dir DIR [--size N] [-r] FILE...", "take the messages out of batches, each into a file of its own", splitHelp, runSplit},
		{"deidentify", "deidentify --key-file FILE | --project-key TEXT [--safe-harbor] [--shift-days N] [--keep-weekday] [--staff POLICY] [--sites POLICY] [--locations POLICY] [--allow FIELD,...] [--scrub-text] [--map FILE] [--out FILE] [-r] FILE...", "copy messages without what identifies people", deidentifyHelp, runDeidentify},
		{"compare", "compare [--map FILE] [--rules FILE] [--key PATH,...] [--order] [--similar] [--ignore PATH,...] [--json] [--html FILE] [--junit FILE] [--mask] LEFT RIGHT", "say what changed between two messages or two sets", compareHelp, runCompare},
		{"workspace new", "workspace new [--project NAME] [--cipher CIPHER] [--passphrase-file FILE] WORKSPACE", "make an encrypted workspace", newHelp, runNew},
		{"workspace import", "workspace import [-r] [--passphrase-file FILE] WORKSPACE FILE...", "store the messages of files in a workspace", importHelp, runImport},
		{"workspace info", "workspace info [--json] [--passphrase-file FILE] WORKSPACE", "say what a workspace holds", infoHelp, runInfo},
		{"workspace find", "workspace find [--json] [--limit N] [--passphrase-file FILE] WORKSPACE [QUERY...]", "list the messages that answer a query", findHelp, runFind},
		{"workspace slot", "workspace slot [--json] [--passphrase-file FILE] WORKSPACE", "list who has a key to a workspace", slotHelp, runSlot},
		{"workspace slot add", "workspace slot add [--passphrase-file FILE] [--new-passphrase-file FILE] WORKSPACE NAME", "let one more person open it", slotAddHelp, runSlotAdd},
		{"workspace slot recovery", "workspace slot recovery [--passphrase-file FILE] WORKSPACE", "make a recovery code, to be printed", slotRecoveryHelp, runSlotRecovery},
		{"workspace slot passphrase", "workspace slot passphrase [--passphrase-file FILE] [--new-passphrase-file FILE] WORKSPACE", "change your passphrase", slotPassphraseHelp, runSlotPassphrase},
		{"workspace slot remove", "workspace slot remove [--yes] [--passphrase-file FILE] WORKSPACE KEY", "take a key away", slotRemoveHelp, runSlotRemove},
		{"workspace slot rename", "workspace slot rename [--passphrase-file FILE] WORKSPACE KEY NAME", "change the name of a key's owner", slotRenameHelp, runSlotRename},
		{"workspace slot remember", "workspace slot remember [--passphrase-file FILE] WORKSPACE", "let this computer's keyring remember a key", slotRememberHelp, runSlotRemember},
		{"workspace slot forget", "workspace slot forget [--passphrase-file FILE] WORKSPACE", "take that key away again", slotForgetHelp, runSlotForget},
		{"workspace secret set", "workspace secret set [--kind KIND] [--value-file FILE] [--passphrase-file FILE] WORKSPACE NAME", "keep a password, client secret or private key", secretSetHelp, runSecretSet},
		{"workspace secret list", "workspace secret list [--json] [--passphrase-file FILE] WORKSPACE", "list the names of the secrets that are kept", secretListHelp, runSecretList},
		{"workspace secret show", "workspace secret show [--passphrase-file FILE] WORKSPACE NAME", "print a secret", secretShowHelp, runSecretShow},
		{"workspace secret remove", "workspace secret remove [--yes] [--passphrase-file FILE] WORKSPACE NAME", "remove a secret", secretRemoveHelp, runSecretRemove},
		{"workspace log", "workspace log [--user NAME] [--action ACTION] [--text WORDS] [--failed] [--since DATE] [--until DATE] [--newest] [--limit N] [--json] [--csv FILE] [--passphrase-file FILE] WORKSPACE", "print who did what, and when", logHelp, runLog},
		{"workspace verify", "workspace verify [--repair] [--passphrase-file FILE] WORKSPACE", "check that nothing was damaged or tampered with", verifyHelp, runVerify},
		{"workspace backup", "workspace backup [--keep N] [--passphrase-file FILE] WORKSPACE TO", "make a verified copy", backupHelp, runBackup},
		{"workspace restore", "workspace restore [--yes] [--passphrase-file FILE] BACKUP WORKSPACE", "put a backup in the place of a workspace", restoreHelp, runRestore},
		{"workspace compact", "workspace compact [--passphrase-file FILE] WORKSPACE", "give the room of deleted messages back", compactHelp, runCompact},
		{"workspace rekey", "workspace rekey [--yes] [--name NAME] [--passphrase-file FILE] [--new-passphrase-file FILE] WORKSPACE", "encrypt it again under a new data key", rekeyHelp, runRekey},
		{"workspace purge", "workspace purge [--before DATE] [--tag TAG] [--source FILE] [--endpoint NAME] [--yes] [--passphrase-file FILE] WORKSPACE", "remove messages by age, tag or file", purgeHelp, runPurge},
		{"workspace dispose", "workspace dispose [--certificate FILE] [--yes] [--passphrase-file FILE] WORKSPACE", "destroy a workspace, with a certificate", disposeHelp, runDispose},
		{"mock mllp", "mock mllp --listen ADDRESS [--rules FILE.yaml | --preset NAME] [--profile NAME] [--open] [--allow ADDRESS] [--journal FILE.jsonl | --workspace W --endpoint NAME] [--passphrase-file FILE] [--no-payloads] [--quiet] [--max-frame BYTES] [--release-2] [--tls auto] [--tls-save-ca FILE] [--tls-cert FILE --tls-key FILE] [--tls-ca FILE]", "be a partner that listens, by rules", mockHelp, runMock},
		{"mock fhir", "mock fhir --listen ADDRESS [--load PATH] [--patients N] [--seed N] [--base PATH] [--personality NAME] [--rules FILE.yaml] [--auth METHOD] [--clients FILE.json] [--strict] [--no-validation] [--delete-many] [--open] [--journal FILE.jsonl | --workspace W --endpoint NAME] [--passphrase-file FILE] [--no-payloads] [--quiet] [--tls auto] [--tls-save-ca FILE] [--tls-cert FILE --tls-key FILE] [--tls-ca FILE]", "be a FHIR server that a client can be tried against", mockFHIRText(), runMockFHIR},
		{"mock fhir-personalities", "mock fhir-personalities [NAME]", "list the vendors that the FHIR server can play", fhirPersonalitiesHelp, runFHIRPersonalities},
		{"mock fhir-state", "mock fhir-state W [ACTION]", "list what FHIR servers keep in a workspace; snapshot, restore, delete", fhirStateHelp, runFHIRState},
		{"mock presets", "mock presets [NAME]", "list the partners that are ready-made", mockPresetsHelp, runMockPresets},
		{"send", "send --to HOST:PORT [--rate N] [--count N] [--loop] [--connections N] [--window N] [--per-message] [--timeout D] [--new-ids] [--expect CODE] [--retry N] [--retry-rejected] [--batch] [--series TEXT] [--seed N] [--journal FILE.jsonl | --workspace W --endpoint NAME] [--queue] [--hold] [--run NAME] [--passphrase-file FILE] [--release-2] [--tls] [--tls-ca FILE] [--tls-name NAME] [--tls-cert FILE --tls-key FILE] [--tls-insecure] [--json] FILE...", "send messages and check what comes back", sendHelp, runSend},
		{"link run", "link run --left FILE --right FILE [--spec FILE] [--out DIR] [--seed N] [--json]", "say which patients of two rosters are the same", linkRunHelp, runLinkRun},
		{"link profile", "link profile [--spec FILE] [--json] FILE", "say what the columns of a roster hold", linkProfileHelp, runLinkProfile},
		{"link plans", "link plans --left FILE --right FILE [--spec FILE] [--simulate FILE] [--out DIR] [--json]", "say which insurance plans of two systems are the same", linkPlansHelp, runLinkPlans},
		{"link export", "link export --run DIR [--decisions FILE] [--spec FILE] [--at TIME] --out DIR", "write the decided links as tables, HL7, FHIR and SQL", linkExportHelp, runLinkExport},
		{"map run", "map run [--out DIR] [--indent] [--quiet] [-r] MAPPING FILE...", "map messages to FHIR, HL7 v2, JSON, XML or CSV", mapRunHelp, runMapRun},
		{"map check", "map check [--json] [--project DIR] [--functions] MAPPING", "say what is wrong or unwise in a mapping", mapCheckHelp, runMapCheck},
		{"map coverage", "map coverage [--json] [--mask] [-r] MAPPING FILE...", "say what a mapping misses in samples", mapCoverageHelp, runMapCoverage},
		{"map trace", "map trace [--json] [--rule ID] [--message N] MAPPING FILE", "say what every rule of a mapping did with a file", mapTraceHelp, runMapTrace},
		{"map export", "map export --to KIND [--out FILE] [--since OLD] [--samples] [--project DIR] [--edition TEXT] [--author NAME] [--date DATE] [--letter] [--url URL] [--table NAME] [-r] MAPPING [FILE...]", "write a mapping as a paper to sign, or for other programs", mapExportHelp, runMapExport},
		{"map import", "map import [--out FILE] [--sheet NAME] [--source KIND] [--target KIND] [--version V] [--title TEXT] [--msh-from-delimiters] FILE", "make a first draft of a mapping from a spreadsheet of pairs", mapImportHelp, runMapImport},
		{"map infer", "map infer [--out FILE] [--ends MAPPING] [--least N] [--zone ZONE] [--examples N] [--mask] [--json] BEFORE AFTER", "learn a mapping from messages before and after", mapInferHelp, runMapInfer},
		{"map suggest", "map suggest [--block ID] [--most N] [--known MAPPING,...] [--sample FILE] [--json] MAPPING [TARGET]", "rank the sources that a target may be filled from", mapSuggestHelp, runMapSuggest},
		{"map new", "map new [--from NAME] [--out FILE]", "write a starter mapping", mapNewHelp, runMapNew},
		{"fhir path", "fhir path [--json] [--entries] [--strict] [--package FILE] EXPRESSION [FILE...]", "evaluate a FHIRPath expression on resources", fhirPathHelp, runFHIRPath},
		{"fhir validate", "fhir validate [--json] [--profile URL] [--package FILE] [--minimum SEVERITY] [--allow-comments] [--best-practice] FILE...", "check FHIR resources against the definitions", fhirValidateHelp, runFHIRValidate},
		{"fhir send", "fhir send --to ADDRESS [--header LINE] [--auth METHOD] [--secret NAME | --secret-file FILE] [--key-id KID] [--scope SCOPES] [--token-endpoint URL] [--plain] [--timeout D] [--expect STATUS] [--include] [--curl] [--json] [--journal FILE.jsonl | --workspace W] [--endpoint NAME] [--run NAME] [--passphrase-file FILE] [--tls-ca FILE] [--tls-cert FILE --tls-key FILE] [--tls-name NAME] [--tls-insecure] [METHOD] PATH [FILE] | --requests FILE", "send requests to a FHIR server", fhirSendHelp, runFHIRSend},
		{"fhir convert", "fhir convert --to json|xml [--compact] [--package FILE] FILE...", "convert FHIR resources between JSON and XML", fhirConvertHelp, runFHIRConvert},
		{"tour", "tour [--dir DIR]", "show the main job on the sample project, here and in pictures", tourHelp, runTour},
		{"version", "version", "print the version", "", runVersion},
		{"help", "help [COMMAND]", "explain a command", "", runHelp},
	}
}

const introduction = `Trestle looks into the messages that healthcare systems exchange.

Without a command it opens the window. With one it works here:
`

const conclusion = `
Results go to standard output, everything else to standard error. FILE may be - for
standard input. Flags may stand before or after the files; -- ends them.

Exit status: 0 done; 1 findings of the severity asked for, a check that failed, or a "no"
to a question; 2 usage, or something that could not be read; 130 interrupted.

The passphrase of a workspace is asked for, or read from --passphrase-file FILE, or
taken from the environment variable TRESTLE_PASSPHRASE. A new one for a workspace that
is there already is read from --new-passphrase-file FILE or TRESTLE_NEW_PASSPHRASE. Where none
is given and this computer's keyring remembers a key ("trestle workspace slot remember"), that
opens the workspace. After three wrong passphrases each further one waits longer.

"trestle help COMMAND" says more.
`

const windowHelp = `
Opens the window: on WORKSPACE, or on the sample project with --sample. The workspace of
the sample is made on first use, in the user's data folder; its data is invented and its
passphrase is "riverbend sample".

FILEs of messages are read into the project once it is open. One large FILE may be read where
it lies instead: it shows at once, nothing of it is copied, and it stays as it is.

  --sample     open the sample project
  --or-tour    where no window can be opened, run "trestle tour" instead
`

const inspectHelp = `
Reads files of any kind and says of each piece what it is and what is wrong with it. A
file may hold one message, many, a batch, or messages framed for MLLP; something that
is not HL7 v2 is named. Files are streamed: their size does not matter.

  --profile P          what sender and receiver agreed on top of the standard: a file, or
                       the name of a starter; see "trestle profile list"
  --json               one JSON object a line and piece:
                       file, index, offset, length, format, type, trigger, structure,
                       version, controlId, findings; a finding has code, severity, path,
                       offset, length and text. Offsets of findings count from the start
                       of the piece, in bytes.
  --fail-on SEVERITY   exit status 1 if there is a finding of this severity or worse:
                       information, warning, error or fatal
  --minimum SEVERITY   show only findings of this severity or worse; without --json, pieces
                       without any are left out
  -r, --recursive      read every file below a folder; names that start with a dot are
                       left out

A line of a finding, for people, is:
  severity  code  path  offset START+LENGTH  what is wrong
`

const getHelp = `
Prints one line a message, its columns separated by tabs:
  file  index  value...
index counts the pieces of the file from 0. There is a column for every value that is
present: where PATH names no repetition (or no segment of several), all of them. An empty
value is an empty column, an absent one is none, HL7's "delete" is "". Escape sequences are
resolved and the character set is decoded to UTF-8. A tab, line end, backslash or control
character in a value is written \t, \r, \n, \\ or \xNN.

PATH  PID-3.1     component 1 of every repetition of every PID-3
      PID-3[2].1  of the second repetition only
      OBX[3]-5    field 5 of the third OBX
      PID.3.1, PID-3-1 and /PATIENT/PID-3-1 are read too

Several paths are joined with commas, without blanks: PID-5.1,PID-3.1. Each then has a group
of columns of its own: the path, and after it the values at it.
  file  index  PID-5.1  value...  PID-3.1  value...

  --raw             the bytes as they came, escape sequences and all
  -r, --recursive   read every file below a folder
`

const newHelp = `
Makes an encrypted file. The passphrase is asked for twice, and if it is weak, that is said. It
cannot be recovered: without it, or a recovery code ("trestle workspace slot recovery"), the file
is worth nothing. WORKSPACE is the file's name as it stands; the usual ending is
.trestle.

  --project NAME          the project's name; without it the file's
  --cipher CIPHER         xchacha20-poly1305, as usual, or aes-256-gcm. FIPS 140-3 approves the
                          latter, but this program is not a validated module and derives keys
                          with Argon2id: choosing AES makes no workspace FIPS compliant
  --passphrase-file FILE  read the passphrase from a file
`

const importHelp = `
Stores every piece of the files, byte for byte, HL7 v2 or not, and prints what was stored.
A file that cannot be read is named and the others are stored nevertheless. After several
files their sum is printed.

  -r, --recursive         read every file below a folder
  --passphrase-file FILE  read the passphrase from a file
`

const infoHelp = `
Prints the format, the cipher, the size, and how many messages of which type there are.

  --json                  as one JSON object
  --passphrase-file FILE  read the passphrase from a file
`

const findHelp = `
Prints one line a message, its columns separated by tabs:
  id  time  type  control-id  mrn  account  name  source  index  fatal  errors  warnings
time is that of the message, as sent. Values are written as by "trestle get".

QUERY is words to search for and conditions, all of which must hold:
  type:ADT trigger:A08 mrn:88121 account:4711 control:MSG00412 tag:open
  since:2026-01-01 until:2026-02-01 severity:error
Without QUERY all messages are listed.

  --json                  one JSON object a line
  --limit N               at most N messages
  --passphrase-file FILE  read the passphrase from a file
`

const slotHelp = `
Prints one line a key, its columns separated by tabs:
  key  kind  name  since  last-used  current
kind is passphrase, recovery code or keyring; "current" stands after the key that was used now.
Times are UTC. A workspace has up to eight keys, and each opens all of it.

  --json                  one JSON object a line
  --passphrase-file FILE  read the passphrase from a file

A workspace that is called add, recovery, passphrase, remove, rename, remember or forget is
written ./add and so on.
`

const slotAddHelp = `
Gives NAME a key with a passphrase of their own. Yours is asked for first, then twice the new
one, which NAME should type.

  --passphrase-file FILE      read your passphrase from a file
  --new-passphrase-file FILE  read the new one from a file; or it is taken from the environment
                              variable TRESTLE_NEW_PASSPHRASE
`

const slotRecoveryHelp = `
Prints a code of 36 letters and digits, once, on standard output. It opens the workspace in
place of a passphrase, wherever one is asked for. Keep it on paper, where the file is not.

  --passphrase-file FILE  read the passphrase from a file
`

const slotPassphraseHelp = `
Changes the passphrase that you open the workspace with. Nothing is encrypted again, so it takes
no longer for a large workspace; but copies of the file from before still open with the old one.

  --passphrase-file FILE      read the old passphrase from a file
  --new-passphrase-file FILE  read the new one from a file; or it is taken from the environment
                              variable TRESTLE_NEW_PASSPHRASE
`

const slotRemoveHelp = `
Takes key number KEY away, as "trestle workspace slot" lists them. The key that you open the
workspace with stays, and so does the last passphrase. Copies of the file from before still open
with the key that was removed.

  --yes                   do not ask
  --passphrase-file FILE  read the passphrase from a file
`

const slotRenameHelp = `
Changes whose key number KEY is, as "trestle workspace slot" lists them. The key stays as it is.
The name is kept inside the workspace; the access log tells of the old one and the new one.

  --passphrase-file FILE  read the passphrase from a file
`

const slotRememberHelp = `
Makes a key of its own for this computer and gives it to the system's keyring: Keychain on macOS,
Credential Manager on Windows, a Secret Service such as GNOME Keyring or KWallet on Linux. From
then on the workspace opens here without its passphrase, in the window and for commands, for
whoever is signed in as you; on macOS any of your programs can read the key. Where there is no
keyring, that is said and nothing is changed. Off until you ask for it. It is taken back by
"trestle workspace slot forget" here, or by "trestle workspace slot remove" anywhere.

  --passphrase-file FILE  read the passphrase from a file
`

const slotForgetHelp = `
Removes the key that this computer's keyring remembers, from the workspace and from the keyring.

  --passphrase-file FILE  read the passphrase from a file
`

const secretSetHelp = `
Keeps a secret of a connection in the workspace, sealed by itself, in the place of an earlier one
of the same name. It is asked for twice, read from a file, or taken from the environment variable
TRESTLE_SECRET. It is in no export and in no log; that it was kept, shown or used is logged.

  --kind KIND             what it is, in your words; "password" if not given
  --value-file FILE       read it from a file, such as a private key; - is standard input. One line
                          end at the end is not part of it
  --passphrase-file FILE  read the passphrase from a file
`

const secretListHelp = `
Prints one line a secret, its columns separated by tabs: name, kind, when it was kept (UTC).

  --json                  one JSON object a line
  --passphrase-file FILE  read the passphrase from a file
`

const secretShowHelp = `
Prints a secret on standard output. That it was shown is logged.

  --passphrase-file FILE  read the passphrase from a file
`

const secretRemoveHelp = `
Removes a secret. Backups from before still have it.

  --yes                   do not ask
  --passphrase-file FILE  read the passphrase from a file
`

const logHelp = `
Prints the access log, oldest entry first, its columns separated by tabs:
  number  time  user  action  object  details  tool  result
time is UTC; result is "done", or why it was not. Opening the workspace to print its log is logged
too. Without conditions the log's chain is followed, and a break in it is said.

  --user NAME             only what this person did
  --action ACTION         only this action, such as opened, viewed, exported or "key added"
  --text WORDS            only entries in which all these words occur
  --failed                only what failed
  --since DATE            not before this day, or time: 2026-01-31 or 2026-01-31T14:30, UTC
  --until DATE            not after it
  --newest                newest entry first
  --limit N               only the last N entries
  --json                  one JSON object a line
  --csv FILE              write them into a new file instead, as CSV; it is NOT encrypted. That it
                          was made is logged. FILE may be - for standard output.
  --passphrase-file FILE  read the passphrase from a file
`

const verifyHelp = `
Reads the whole file: every page is authenticated, the database and its full-text index are
checked, and the access log's chain is followed. Exit status 1 if something is wrong.

  --repair                build all indexes and the index of words again, in a new file that
                          takes the place of the old one once it was verified; the old one is
                          kept beside it. If more is damaged, nothing is changed
  --passphrase-file FILE  read the passphrase from a file
`

const backupHelp = `
Writes a copy as the workspace is now, reads it back and verifies it whole; until that is done
it has no name of its own. Every key that opens the workspace opens the backup, also after it was
removed from the workspace. TO is a new file, or a folder, where the backup is named by the
workspace and the time. Exit status 1 if what is copied is damaged; then nothing is kept.

  --keep N                in a folder: keep the newest N backups of this workspace, and remove
                          older ones
  --passphrase-file FILE  read the passphrase from a file
`

const restoreHelp = `
Copies BACKUP to where WORKSPACE is, verifies the copy whole, and only then lets it take the place.
What was there is kept beside it, under a name that is printed. The passphrase is one that opens
the backup. The backup is not changed. Exit status 1 if it is damaged; then nothing is changed.

  --yes                   do not ask if there is a workspace already
  --passphrase-file FILE  read the passphrase from a file
`

const compactHelp = `
Makes the file smaller by what deleted messages have left in it. The disk needs room for up to
twice the file's size meanwhile.

  --passphrase-file FILE  read the passphrase from a file
`

const rekeyHelp = `
Encrypts the whole workspace again under a new random key, with a new passphrase for you. All other
keys, recovery codes too, are gone: nobody can carry them over without knowing them; add them
again. It helps when a passphrase became known: what comes from now on is out of reach of those
who have it. Copies of the file from before are not. Being cut off loses nothing.

  --yes                       do not ask if others have keys
  --name NAME                 whose the new passphrase is; without it, whose the old one was
  --passphrase-file FILE      read your passphrase from a file
  --new-passphrase-file FILE  read the new one from a file; or it is taken from the environment
                              variable TRESTLE_NEW_PASSPHRASE
`

const purgeHelp = `
Shows how many messages would go, from when and from which files, and asks. Then it removes them
with their notes and tags, and overwrites them in the file. All conditions that are given must
hold; at least one must be given. Backups still hold the messages, and the medium may keep old
blocks, which are encrypted. The access log is kept.

  --before DATE           messages that came into the workspace before this day, or time:
                          2026-01-31 or 2026-01-31T14:30, UTC
  --tag TAG               messages with this tag
  --source FILE           messages from the file of this name, without its folder
  --endpoint NAME         exchanges of this endpoint in the journal instead of messages; '*' is
                          every endpoint
  --yes                   do not ask
  --passphrase-file FILE  read the passphrase from a file
`

const disposeHelp = `
Destroys a workspace for good: overwrites the keys, removes the file and those beside it, and
prints a certificate that says what was destroyed, when, and the file's hash; and what is left,
such as backups. It asks before, and needs a passphrase or a recovery code.

  --certificate FILE      write the certificate into a new file too
  --yes                   do not ask
  --passphrase-file FILE  read the passphrase from a file
`

const tourHelp = `
Makes an encrypted workspace of the sample project in DIR, imports its messages, lists them,
shows what is wrong with one, finds a patient's, verifies the file and prints its access
log; then draws the main places of the window into PNG files. It needs no display. The
sample's data is invented.

  --dir DIR   where the workspace and the pictures go; "tour" if not given
`

// choose finds the command that args ask for.
func choose(args []string) (*entry, []string, error) {
	all := entries()
	named := func(name string) *entry {
		if i := slices.IndexFunc(all, func(e entry) bool { return e.name == name }); i >= 0 {
			return &all[i]
		}
		return nil
	}
	if len(args) == 0 {
		return named("window"), nil, nil
	}
	switch args[0] {
	case "-h", "-help", "--help", "-?", "/?":
		return named("help"), args[1:], nil
	case "--version", "-version":
		return named("version"), args[1:], nil
	case "workspace", "mock", "link", "fhir", "profile", "map":
		if len(args) == 1 || strings.HasPrefix(args[1], "-") {
			return named("help"), args[:1], nil
		}
		for n := min(3, len(args)); n > 1; n-- { // "workspace slot add" before "workspace slot"
			if e := named(strings.Join(args[:n], " ")); e != nil {
				return e, args[n:], nil
			}
		}
		return nil, nil, usagef("there is no command %q%s", args[0]+" "+args[1], guess(args[0]+" "+args[1], all))
	}
	if e := named(args[0]); e != nil {
		return e, args[1:], nil
	}
	if looksLikeWindow(args[0]) {
		return named("window"), args, nil
	}
	return nil, nil, usagef("there is no command %q%s", args[0], guess(args[0], all))
}

func runHelp(_ context.Context, s *session, args []string) error {
	name := strings.Join(args, " ")
	if name == "" {
		s.out.WriteString(introduction)
		rows := [][]string{}
		for _, e := range entries() {
			rows = append(rows, []string{"trestle " + e.name, e.summary})
		}
		if err := writeAligned(s.out, "  ", rows); err != nil {
			return err
		}
		_, err := s.out.WriteString(conclusion)
		return err
	}
	found := false
	for _, e := range entries() {
		if e.name != name && !strings.HasPrefix(e.name, name+" ") {
			continue
		}
		if found {
			fmt.Fprintln(s.out)
		}
		s.explain(e)
		found = true
	}
	if !found {
		return usagef("there is no command %q%s", name, guess(name, entries()))
	}
	return nil
}

func (s *session) explain(e entry) {
	fmt.Fprintf(s.out, "trestle %s\n\n%s.\n%s", e.usage, strings.ToUpper(e.summary[:1])+e.summary[1:], e.text)
}

// guess proposes the command that was probably meant.
func guess(typed string, all []entry) string {
	best, least := "", 3 // more than two letters off is no slip of the finger
	for _, e := range all {
		if d := distance(typed, e.name); d < least {
			best, least = e.name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the Levenshtein distance in bytes: command names are ASCII.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left, diagonal := i+1, i
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, left, row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
			left = cost
		}
	}
	return row[len(b)]
}
