/* An encrypting, authenticating VFS shim over the platform's default VFS. FORMAT.md writes down what it puts on disk.
**
** Main database file   [own header, H bytes][page 1][page 2]...
**     Page n is one AEAD record of P bytes: ciphertext P-40, tag 16, nonce 24. SQLite keeps the last 40 bytes of
**     every page reserved, so its logical page is P bytes too. A hole of H bytes lies at PENDING_BYTE, so that the
**     bytes SQLite locks never fall on data (locks are mandatory on Windows).
** WAL file             [WAL header slot 128][frame 0][frame 1]...
**     A frame is 64 + P bytes: the 24-byte frame header sealed, then the page sealed.
** Temporary files      (statement journals, sorts, temporary tables) chunks of 512 bytes, each sealed to 552 under a
**     key that lives in memory only.
** There is never a rollback journal: a workspace is always in WAL mode, and an old authentic journal put beside it
** would be a way to undo changes. One that lies there is not seen; SQLite cannot open one. Super-journals, which
** hold file names in clear, are refused too.
**
** Locks, shared memory, sync and the rest go straight to the real VFS. The sealing itself is Go (see keys.go):
** sealedSeal and sealedOpen below are called back for every record.
**
** What SQLite may be told about a record that is missing, torn or not authentic (the five rules of FORMAT.md) is
** decided in dbRead, dbFillGap and walRead, and only there.
*/
#include <string.h>
#include "sqlite_abi.h"

typedef unsigned long long u64;
typedef unsigned char u8;

/* Exported by bridge.go. Each returns 0 when it worked. */
extern int sealedKeyInfo(u64 key, int *pPage, int *pHdr);
extern int sealedSeal(u64 key, int role, u64 idx, void *in, int n, void *out);
extern int sealedOpen(u64 key, int role, u64 idx, void *in, int n, void *out);
extern int sealedHeader(u64 key, void *out, int n);
extern void sealedHeaderDone(u64 key, int rc);
extern u64 sealedTempKey(void);
extern void sealedEvent(u64 key, int role, u64 idx);

#define OVERHEAD 40               /* tag 16 + nonce 24 */
#define PENDING 0x40000000LL      /* SQLite's PENDING_BYTE */
#define HDRLEN 4096               /* one copy of our header */

/* The role of a record is part of what its tag covers. Keep in step with keys.go. */
#define ROLE_PAGE 1
#define ROLE_WALHDR 2
#define ROLE_FRAMEHDR 3
#define ROLE_FRAMEPAGE 4
#define ROLE_CHUNK 5

#define CH 512                    /* logical chunk of a temporary file */
#define PCH (CH+OVERHEAD)         /* physical chunk */
#define WH 32                     /* logical WAL header */
#define PWH 128                   /* physical WAL header slot: 72 used */
#define FH 24                     /* logical frame header */
#define PFH (FH+OVERHEAD)         /* physical frame header */

/* File control of our own (SQLite leaves numbers above 100 to applications). */
#define FCNTL_WRITE_HEADER 0x45560001

/* Our own extended code of SQLITE_CANTOPEN: the file system has no shared memory. Keep in step with keys.go. */
#define CANTOPEN_NOSHM (SQLITE_CANTOPEN|(200<<8))

enum Kind { KIND_DB, KIND_WAL, KIND_TEMP };

typedef struct SealedFile SealedFile;
struct SealedFile {
  sqlite3_file base;
  sqlite3_file *real;
  enum Kind kind;
  int P;                          /* page size */
  sqlite3_int64 H;                /* size of our header area */
  u64 key;                        /* handle into the Go table of live keys */
  int wal;                        /* main database: a WAL is open beside it */
  SealedFile *db;                    /* WAL: its main database */
  sqlite3_int64 written;          /* WAL: frames below this one were written by this handle; -1 nothing yet */
  u8 *buf;                        /* scratch, P + 256 + 2*CH bytes */
};
#define SCRATCH(p) ((p)->P + 256 + 2*CH)
#define REAL(f) (((SealedFile*)(f))->real)
#define RVFS(v) ((sqlite3_vfs*)(v)->pAppData)

static void wipe(void *z, int n){
  volatile u8 *b = (volatile u8*)z;
  while( n-- > 0 ) *b++ = 0;
}

/* Logical offsets (what SQLite sees) and physical ones (what the disk sees) of the main database. */
static sqlite3_int64 physOff(SealedFile *p, sqlite3_int64 off){
  return off < PENDING - p->H ? off + p->H : off + 2*p->H;
}
static sqlite3_int64 physSize(SealedFile *p, sqlite3_int64 s){
  return s <= PENDING - p->H ? s + p->H : s + 2*p->H;
}
static sqlite3_int64 logSize(SealedFile *p, sqlite3_int64 n){
  if( n<=p->H ) return 0;
  if( n<=PENDING ) return n - p->H;
  if( n<PENDING + p->H ) return PENDING - p->H;
  return n - 2*p->H;
}

static int vfsClose(sqlite3_file *f){
  SealedFile *p = (SealedFile*)f;
  int rc = p->real->pMethods ? p->real->pMethods->xClose(p->real) : SQLITE_OK;
  if( p->db ){ p->db->wal = 0; p->db = 0; }
  if( p->buf ){ wipe(p->buf, SCRATCH(p)); sqlite3_free(p->buf); p->buf = 0; }
  return rc;
}

/* ---------------------------------------------------------------- main database ---------- */

#ifndef SEALED_CONTROL_NO_SYNTH       /* a control: see control_nosynth.go */
/* The 100 bytes that sqlite3BtreeOpen() reads before any recovery. Page 1 may be torn by a power cut during a
** checkpoint, and then its good copy is in the WAL: answer with a synthetic header, so that recovery can run. If
** page 1 was really damaged, the full-page read that follows fails. */
static int synthHeader(SealedFile *p, u8 *out){
  memset(out, 0, 100);
  memcpy(out, "SQLite format 3", 16);
  out[16] = (u8)(p->P>>8);
  out[17] = p->P==65536 ? 1 : (u8)p->P;
  out[18] = 2; out[19] = 2;                           /* WAL */
  out[20] = OVERHEAD;
  out[21] = 64; out[22] = 32; out[23] = 32;
  sealedEvent(p->key, ROLE_PAGE, 0);
  return SQLITE_OK;
}
#endif

static int dbRead(SealedFile *p, u8 *out, int amt, sqlite3_int64 off){
  sqlite3_int64 pg = off / p->P, ph = physOff(p, pg*p->P);
  int in = (int)(off % p->P), rc, bad = 0;
  if( in + amt > p->P ) return SQLITE_IOERR_READ;
  rc = p->real->pMethods->xRead(p->real, p->buf, p->P, ph);
  if( rc==SQLITE_IOERR_SHORT_READ ){
#ifdef SEALED_CONTROL_SHORT_READ      /* a control: see control_shortread.go */
    memset(out, 0, amt);
    return rc;
#endif
    /* SQLite takes a short read as a page of zeros. That is right for a page that was never written, and wrong
    ** for one that was cut off: part of a page is always damage, and with a WAL open every page of the database
    ** is either in the WAL or in the file. */
    sqlite3_int64 n;
    rc = p->real->pMethods->xFileSize(p->real, &n);
    if( rc!=SQLITE_OK ) return rc;
    if( n<=ph && !p->wal ){ memset(out, 0, amt); return SQLITE_IOERR_SHORT_READ; }
    bad = 1;
  }else if( rc!=SQLITE_OK ){
    return rc;
  }
  if( !bad ){
    u8 *t = amt==p->P ? out : p->buf;
    bad = sealedOpen(p->key, ROLE_PAGE, (u64)pg+1, p->buf, p->P-OVERHEAD, t);
    if( !bad ){
      memset(t+p->P-OVERHEAD, 0, OVERHEAD);
      if( t!=out ) memcpy(out, t+in, amt);
      return SQLITE_OK;
    }
  }
#ifndef SEALED_CONTROL_NO_SYNTH
  if( off==0 && amt==100 ) return synthHeader(p, out);
#endif
  sealedEvent(p->key, ROLE_PAGE, (u64)pg+1);
  memset(out, 0, amt);
  return SQLITE_IOERR_DATA;
}

static int dbWriteOne(SealedFile *p, const u8 *in, sqlite3_int64 pg){
  if( sealedSeal(p->key, ROLE_PAGE, (u64)pg+1, (void*)in, p->P-OVERHEAD, p->buf) ) return SQLITE_IOERR_WRITE;
  return p->real->pMethods->xWrite(p->real, p->buf, p->P, physOff(p, pg*p->P));
}

/* Seal pages of zeros from the present end of the file up to page `pg`: every page in the file must
** authenticate. The size is asked each time, since another connection may have truncated the file.
** Not with a WAL open: then every page is in the WAL or in the file, so a gap is a page that a partial checkpoint
** has still to write, or one that was cut off; filling it would turn the second into an authentic page of zeros.
** (The one page that SQLite never writes, the one at PENDING_BYTE, it never reads either.) */
static int dbFillGap(SealedFile *p, sqlite3_int64 pg){
  sqlite3_int64 n, g;
  u8 *z;
  int rc = SQLITE_OK;
  if( p->wal ) return SQLITE_OK;
  rc = p->real->pMethods->xFileSize(p->real, &n);
  if( rc!=SQLITE_OK || n>=physOff(p, pg*p->P) ) return rc;
  g = (logSize(p, n) + p->P - 1) / p->P;
  if( g>=pg ) return SQLITE_OK;
  z = sqlite3_malloc(p->P);
  if( !z ) return SQLITE_NOMEM;
  for( ; rc==SQLITE_OK && g<pg; g++ ){
    memset(z, 0, p->P);
    if( g==0 ) z[20] = OVERHEAD;
    rc = dbWriteOne(p, z, g);
  }
  sqlite3_free(z);
  return rc;
}

static int dbWrite(SealedFile *p, const u8 *in, int amt, sqlite3_int64 off){
  sqlite3_int64 pg = off / p->P;
  int rc;
  if( amt!=p->P || off % p->P ) return SQLITE_IOERR_WRITE;
  if( pg==0 && in[20]!=OVERHEAD ) return SQLITE_IOERR_WRITE;   /* reserve bytes not set: fail closed */
  rc = dbFillGap(p, pg);
  return rc==SQLITE_OK ? dbWriteOne(p, in, pg) : rc;
}

/* ---------------------------------------------------------------- WAL ---------- */

static sqlite3_int64 framePhys(SealedFile *p, sqlite3_int64 k){ return PWH + k*(PFH + (sqlite3_int64)p->P); }

/* The record that holds logical WAL offset `off`. */
typedef struct Rec { int role, n, len, skip; u64 idx; sqlite3_int64 phys; } Rec;
static Rec walRec(SealedFile *p, sqlite3_int64 off){
  Rec r;
  if( off<WH ){
    r.role = ROLE_WALHDR; r.idx = 0; r.n = r.len = WH; r.skip = (int)off; r.phys = 0;
  }else{
    int in = (int)((off-WH) % (FH+p->P));
    r.idx = (u64)((off-WH) / (FH+p->P));
    r.phys = framePhys(p, (sqlite3_int64)r.idx);
    if( in<FH ){ r.role = ROLE_FRAMEHDR; r.n = r.len = FH; r.skip = in; }
    else{ r.role = ROLE_FRAMEPAGE; r.n = p->P-OVERHEAD; r.len = p->P; r.skip = in-FH; r.phys += PFH; }
  }
  return r;
}

static int walRead(SealedFile *p, u8 *out, int amt, sqlite3_int64 off){
  /* Recovery reads the WAL header, and frames whole (header and page in one call). */
  int recovery = off<WH || (amt>FH && (off-WH) % (FH+p->P)==0);
  u8 *out0 = out;
  int amt0 = amt;
  while( amt>0 ){
    Rec r = walRec(p, off);
    int take = r.len - r.skip;
    int rc = p->real->pMethods->xRead(p->real, p->buf, r.n+OVERHEAD, r.phys);
    if( rc==SQLITE_IOERR_SHORT_READ ){ memset(out, 0, amt); return rc; }
    if( rc!=SQLITE_OK ) return rc;
    if( sealedOpen(p->key, r.role, r.idx, p->buf, r.n, p->buf) ){
      sealedEvent(p->key, r.role, r.idx);
      memset(out0, 0, amt0);
      /* An unauthentic record during recovery is the torn tail of a power cut (or tampering): zeros make SQLite
      ** end the log there. A record that this handle wrote itself cannot be torn: that is always an error. */
#ifdef SEALED_CONTROL_STRICT_WAL      /* a control: see control_strictwal.go */
      recovery = 0;
#endif
      if( recovery && (sqlite3_int64)r.idx >= p->written ) return SQLITE_OK;
      return SQLITE_IOERR_DATA;
    }
    if( r.role==ROLE_FRAMEPAGE ) memset(p->buf+r.n, 0, OVERHEAD);
    if( take>amt ) take = amt;
    memcpy(out, p->buf+r.skip, take);
    out += take; off += take; amt -= take;
  }
  return SQLITE_OK;
}

static int walWrite(SealedFile *p, const u8 *in, int amt, sqlite3_int64 off){
  while( amt>0 ){
    Rec r = walRec(p, off);
    int rc;
    if( r.skip || amt<r.len ) return SQLITE_IOERR_WRITE;  /* SQLite never splits a record when PSOW is reported */
    if( sealedSeal(p->key, r.role, r.idx, (void*)in, r.n, p->buf) ) return SQLITE_IOERR_WRITE;
    rc = p->real->pMethods->xWrite(p->real, p->buf, r.n+OVERHEAD, r.phys);
    if( rc!=SQLITE_OK ) return rc;
    if( r.role==ROLE_WALHDR ) p->written = 0;
    else if( r.role==ROLE_FRAMEPAGE && (sqlite3_int64)r.idx >= p->written ) p->written = (sqlite3_int64)r.idx+1;
    in += r.len; off += r.len; amt -= r.len;
  }
  return SQLITE_OK;
}

/* ---------------------------------------------------------------- temporary files ---------- */

static int chLoad(SealedFile *p, sqlite3_int64 k, u8 *out){
  int rc = p->real->pMethods->xRead(p->real, p->buf, PCH, k*PCH);
  if( rc==SQLITE_IOERR_SHORT_READ ){ memset(out, 0, CH); return rc; }
  if( rc!=SQLITE_OK ) return rc;
  if( sealedOpen(p->key, ROLE_CHUNK, (u64)k, p->buf, CH, out) ){
    sealedEvent(p->key, ROLE_CHUNK, (u64)k);
    memset(out, 0, CH);
    return SQLITE_IOERR_DATA;
  }
  return SQLITE_OK;
}

static int chStore(SealedFile *p, sqlite3_int64 k, const u8 *in){
  if( sealedSeal(p->key, ROLE_CHUNK, (u64)k, (void*)in, CH, p->buf) ) return SQLITE_IOERR_WRITE;
  return p->real->pMethods->xWrite(p->real, p->buf, PCH, k*PCH);
}

static int chRead(SealedFile *p, u8 *out, int amt, sqlite3_int64 off){
  u8 *t = p->buf + PCH;
  while( amt>0 ){
    int in = (int)(off % CH), take = CH - in, rc;
    if( take>amt ) take = amt;
    rc = chLoad(p, off/CH, t);
    if( rc!=SQLITE_OK ){ memset(out, 0, amt); return rc; }
    memcpy(out, t+in, take);
    out += take; off += take; amt -= take;
  }
  return SQLITE_OK;
}

static int chWrite(SealedFile *p, const u8 *in, int amt, sqlite3_int64 off){
  u8 *t = p->buf + PCH;
  sqlite3_int64 n, k;
  int rc = p->real->pMethods->xFileSize(p->real, &n);
  if( rc!=SQLITE_OK ) return rc;
  for( k = n/PCH; k < off/CH; k++ ){                 /* fill a gap with sealed zeros */
    memset(t, 0, CH);
    rc = chStore(p, k, t);
    if( rc!=SQLITE_OK ) return rc;
  }
  while( amt>0 ){
    int at = (int)(off % CH), take = CH - at;
    k = off / CH;
    if( take>amt ) take = amt;
    if( take<CH ){
      rc = chLoad(p, k, t);
      if( rc!=SQLITE_OK && rc!=SQLITE_IOERR_SHORT_READ ) return rc;
    }
    memcpy(t+at, in, take);
    rc = chStore(p, k, t);
    if( rc!=SQLITE_OK ) return rc;
    in += take; off += take; amt -= take;
  }
  return SQLITE_OK;
}

/* ---------------------------------------------------------------- sqlite3_io_methods ---------- */

static int vfsRead(sqlite3_file *f, void *out, int amt, sqlite3_int64 off){
  SealedFile *p = (SealedFile*)f;
  switch( p->kind ){
    case KIND_DB:  return dbRead(p, out, amt, off);
    case KIND_WAL: return walRead(p, out, amt, off);
    default:       return chRead(p, out, amt, off);
  }
}
static int vfsWrite(sqlite3_file *f, const void *in, int amt, sqlite3_int64 off){
  SealedFile *p = (SealedFile*)f;
  switch( p->kind ){
    case KIND_DB:  return dbWrite(p, in, amt, off);
    case KIND_WAL: return walWrite(p, in, amt, off);
    default:       return chWrite(p, in, amt, off);
  }
}
static int vfsTruncate(sqlite3_file *f, sqlite3_int64 size){
  SealedFile *p = (SealedFile*)f;
  sqlite3_int64 n;
  switch( p->kind ){
    case KIND_DB: n = physSize(p, size); break;   /* growing leaves unsealed zeros: they fail closed when read */
    case KIND_WAL:
      if( size==0 ) n = 0;
      else if( size<=WH ) n = PWH;
      else n = framePhys(p, (size - WH + FH + p->P - 1) / (FH+p->P));
      break;
    default: n = (size + CH - 1) / CH * PCH;
  }
  return REAL(f)->pMethods->xTruncate(REAL(f), n);
}
static int vfsFileSize(sqlite3_file *f, sqlite3_int64 *pSize){
  SealedFile *p = (SealedFile*)f;
  sqlite3_int64 n;
  int rc = REAL(f)->pMethods->xFileSize(REAL(f), &n);
  if( rc!=SQLITE_OK ) return rc;
  switch( p->kind ){
    case KIND_DB: *pSize = logSize(p, n); break;
    case KIND_WAL:
      if( n<WH+OVERHEAD ) *pSize = 0;
      else if( n<PWH ) *pSize = WH;
      else *pSize = WH + ((n-PWH) / (PFH+p->P)) * (FH+p->P);
      break;
    default: *pSize = n / PCH * CH;
  }
  return SQLITE_OK;
}

/* Write both header copies through SQLite's own handle: opening and closing the file a second time in this
** process would drop SQLite's POSIX locks. Copy A is on disk before copy B is touched. */
static int writeHeader(SealedFile *p){
  int rc = SQLITE_OK, i;
  u8 *h;
  if( p->kind!=KIND_DB ) return SQLITE_ERROR;
  h = sqlite3_malloc(HDRLEN);
  if( !h ) return SQLITE_NOMEM;
  if( sealedHeader(p->key, h, HDRLEN) ) rc = SQLITE_ERROR;
  for( i=0; rc==SQLITE_OK && i<2; i++ ){
    rc = p->real->pMethods->xWrite(p->real, h, HDRLEN, i*(p->H/2));
    if( rc==SQLITE_OK ) rc = p->real->pMethods->xSync(p->real, SQLITE_SYNC_FULL);
  }
  sqlite3_free(h);
  sealedHeaderDone(p->key, rc);                       /* the driver loses what a file control answers */
  return rc;
}

static int vfsControl(sqlite3_file *f, int op, void *arg){
  SealedFile *p = (SealedFile*)f;
  switch( op ){
    case SQLITE_FCNTL_SIZE_HINT: {
      sqlite3_int64 n;
      if( p->kind!=KIND_DB ) return SQLITE_OK;
      n = physSize(p, *(sqlite3_int64*)arg);
      return REAL(f)->pMethods->xFileControl(REAL(f), op, &n);
    }
    case SQLITE_FCNTL_CHUNK_SIZE: return SQLITE_OK;
    case SQLITE_FCNTL_MMAP_SIZE: *(sqlite3_int64*)arg = 0; return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME: *(char**)arg = sqlite3_mprintf("trestle"); return SQLITE_OK;
    case FCNTL_WRITE_HEADER: return writeHeader(p);
  }
  return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

/* Powersafe overwrite is reported always: SQLite then neither pads nor splits WAL records. The flags that promise
** atomic or sub-page behaviour of the disk are hidden, since our records do not keep them. */
static int vfsDevChar(sqlite3_file *f){
  int c = REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
  return (c & (SQLITE_IOCAP_SAFE_APPEND|SQLITE_IOCAP_SEQUENTIAL|SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN|SQLITE_IOCAP_IMMUTABLE))
       | SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int vfsSync(sqlite3_file *f, int flags){ return REAL(f)->pMethods->xSync(REAL(f), flags); }
static int vfsLock(sqlite3_file *f, int e){ return REAL(f)->pMethods->xLock(REAL(f), e); }
static int vfsUnlock(sqlite3_file *f, int e){ return REAL(f)->pMethods->xUnlock(REAL(f), e); }
static int vfsCheckRes(sqlite3_file *f, int *r){ return REAL(f)->pMethods->xCheckReservedLock(REAL(f), r); }
static int vfsSector(sqlite3_file *f){ return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static int vfsShmMap(sqlite3_file *f, int i, int sz, int e, void volatile **pp){ return REAL(f)->pMethods->xShmMap(REAL(f), i, sz, e, pp); }
static int vfsShmLock(sqlite3_file *f, int o, int n, int fl){ return REAL(f)->pMethods->xShmLock(REAL(f), o, n, fl); }
static void vfsShmBarrier(sqlite3_file *f){ REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int vfsShmUnmap(sqlite3_file *f, int d){ return REAL(f)->pMethods->xShmUnmap(REAL(f), d); }

/* Version 2 for databases, which need shared memory (macOS picks methods without it for some network volumes: vfsOpen
** refuses those), version 1 for all other files; version 3 (memory mapping) never. */
static const sqlite3_io_methods sealedMethods2 = {
  2, vfsClose, vfsRead, vfsWrite, vfsTruncate, vfsSync, vfsFileSize, vfsLock, vfsUnlock, vfsCheckRes,
  vfsControl, vfsSector, vfsDevChar, vfsShmMap, vfsShmLock, vfsShmBarrier, vfsShmUnmap, 0, 0
};
static const sqlite3_io_methods sealedMethods1 = {
  1, vfsClose, vfsRead, vfsWrite, vfsTruncate, vfsSync, vfsFileSize, vfsLock, vfsUnlock, vfsCheckRes,
  vfsControl, vfsSector, vfsDevChar, 0, 0, 0, 0, 0, 0
};
static int isOurs(sqlite3_file *f){ return f && (f->pMethods==&sealedMethods2 || f->pMethods==&sealedMethods1); }

/* ---------------------------------------------------------------- sqlite3_vfs ---------- */

static int vfsOpen(sqlite3_vfs *v, const char *zName, sqlite3_file *f, int flags, int *pOut){
  SealedFile *p = (SealedFile*)f;
  const sqlite3_io_methods *m;
  int rc, P = 0, H = 0;
  memset(p, 0, sizeof(*p));
  p->real = (sqlite3_file*)&p[1];
  p->real->pMethods = 0;
  if( flags & SQLITE_OPEN_WAL ){
    SealedFile *db = zName ? (SealedFile*)sqlite3_database_file_object(zName) : 0;
    if( !db || !isOurs(&db->base) ) return SQLITE_CANTOPEN;
    p->kind = KIND_WAL;
    p->key = db->key;
    p->db = db;
    p->written = -1;
  }else if( flags & SQLITE_OPEN_MAIN_DB ){
    if( zName==0 ) return SQLITE_CANTOPEN;
    p->kind = KIND_DB;
    p->key = (u64)sqlite3_uri_int64(zName, "key", 0);
  }else if( flags & (SQLITE_OPEN_TEMP_DB|SQLITE_OPEN_TRANSIENT_DB|SQLITE_OPEN_TEMP_JOURNAL|SQLITE_OPEN_SUBJOURNAL) ){
    p->kind = KIND_TEMP;
    p->key = sealedTempKey();
  }else{
    return SQLITE_CANTOPEN;         /* rollback journals and super-journals */
  }
  if( sealedKeyInfo(p->key, &P, &H) ) return SQLITE_CANTOPEN;
  p->P = P;
  p->H = H;
  p->buf = sqlite3_malloc(SCRATCH(p));
  if( !p->buf ) return SQLITE_NOMEM;
  rc = RVFS(v)->xOpen(RVFS(v), zName, p->real, flags, pOut);
  if( rc!=SQLITE_OK ){
    if( p->real->pMethods ) p->real->pMethods->xClose(p->real);
    sqlite3_free(p->buf);
    p->buf = 0;
    return rc;
  }
  m = p->real->pMethods;
  if( p->kind==KIND_DB && (m->iVersion<2 || !m->xShmMap) ){   /* no write-ahead log, so no workspace: say it before any lock is tried */
    m->xClose(p->real);
    sqlite3_free(p->buf);
    p->buf = 0;
    return CANTOPEN_NOSHM;
  }
  if( p->db ) p->db->wal = 1;
  p->base.pMethods = p->kind==KIND_DB ? &sealedMethods2 : &sealedMethods1;
  return SQLITE_OK;
}
static int vfsDelete(sqlite3_vfs *v, const char *z, int d){ return RVFS(v)->xDelete(RVFS(v), z, d); }
static int vfsAccess(sqlite3_vfs *v, const char *z, int fl, int *r){
  size_t n = z ? strlen(z) : 0;
  if( n>8 && memcmp(z+n-8, "-journal", 8)==0 ){ *r = 0; return SQLITE_OK; }   /* there is never a rollback journal */
  return RVFS(v)->xAccess(RVFS(v), z, fl, r);
}
static int vfsFull(sqlite3_vfs *v, const char *z, int n, char *o){ return RVFS(v)->xFullPathname(RVFS(v), z, n, o); }
static void *vfsDlOpen(sqlite3_vfs *v, const char *z){ (void)v; (void)z; return 0; }   /* no loadable extensions */
static void vfsDlError(sqlite3_vfs *v, int n, char *z){ (void)v; if( n>0 ) z[0] = 0; }
static void (*vfsDlSym(sqlite3_vfs *v, void *h, const char *z))(void){ (void)v; (void)h; (void)z; return 0; }
static void vfsDlClose(sqlite3_vfs *v, void *h){ (void)v; (void)h; }
static int vfsRand(sqlite3_vfs *v, int n, char *z){ return RVFS(v)->xRandomness(RVFS(v), n, z); }
static int vfsSleep(sqlite3_vfs *v, int us){ return RVFS(v)->xSleep(RVFS(v), us); }
static int vfsLastErr(sqlite3_vfs *v, int n, char *z){ return RVFS(v)->xGetLastError ? RVFS(v)->xGetLastError(RVFS(v), n, z) : 0; }
static int vfsTime64(sqlite3_vfs *v, sqlite3_int64 *t){ return RVFS(v)->xCurrentTimeInt64(RVFS(v), t); }
static int vfsTime(sqlite3_vfs *v, double *d){
  sqlite3_int64 t = 0;                          /* the real xCurrentTime is absent in builds without deprecated calls */
  int rc = vfsTime64(v, &t);
  *d = (double)t / 86400000.0;
  return rc;
}

static sqlite3_vfs sealedVfs;

/* Register "trestle" over the VFS named zBase (0: the default one). */
int sealedRegister(const char *zBase){
  sqlite3_vfs *r;
  if( sqlite3_initialize() ) return 1;
  r = sqlite3_vfs_find(zBase);
  if( !r || r->iVersion<2 ) return 2;
  sealedVfs.iVersion = 2;
  sealedVfs.szOsFile = (int)sizeof(SealedFile) + r->szOsFile;
  sealedVfs.mxPathname = r->mxPathname;
  sealedVfs.zName = "trestle";
  sealedVfs.pAppData = r;
  sealedVfs.xOpen = vfsOpen;
  sealedVfs.xDelete = vfsDelete;
  sealedVfs.xAccess = vfsAccess;
  sealedVfs.xFullPathname = vfsFull;
  sealedVfs.xDlOpen = vfsDlOpen;
  sealedVfs.xDlError = vfsDlError;
  sealedVfs.xDlSym = vfsDlSym;
  sealedVfs.xDlClose = vfsDlClose;
  sealedVfs.xRandomness = vfsRand;
  sealedVfs.xSleep = vfsSleep;
  sealedVfs.xCurrentTime = vfsTime;
  sealedVfs.xGetLastError = vfsLastErr;
  sealedVfs.xCurrentTimeInt64 = vfsTime64;
  return sqlite3_vfs_register(&sealedVfs, 0) ? 3 : 0;
}
