/* The VFS behind faulty.go: the platform's default one, with faults. One fault at a time, for the whole process. */
#include <stddef.h>
#include <string.h>
#include "../sealed/sqlite_abi.h"

#define SQLITE_FULL 13
#define SQLITE_IOERR_FSYNC (10|(4<<8))
#define SQLITE_IOERR_TRUNCATE (10|(6<<8))

/* Keep in step with faulty.go. */
enum { CALL_READ = 1, CALL_WRITE, CALL_SYNC, CALL_TRUNCATE };
enum { HOW_ERROR = 0, HOW_PART, HOW_FULL, HOW_LIE };

static struct { int call, how, times; long long after, seen, hit; } fault;   /* guarded by __atomic on seen */
static long long calls[5];

/* Whether this call is one that fails. */
static int fails(int call){
  long long n;
  __atomic_add_fetch(&calls[call], 1, __ATOMIC_SEQ_CST);
  if( __atomic_load_n(&fault.call, __ATOMIC_SEQ_CST)!=call ) return 0;
  n = __atomic_fetch_add(&fault.seen, 1, __ATOMIC_SEQ_CST);
  if( n<fault.after || (fault.times>0 && n>=fault.after+fault.times) ) return 0;
  __atomic_add_fetch(&fault.hit, 1, __ATOMIC_SEQ_CST);
  return 1;
}

typedef struct File { sqlite3_file base; sqlite3_file *real; } File;
#define REAL(f) (((File*)(f))->real)
#define RVFS(v) ((sqlite3_vfs*)(v)->pAppData)

static int fRead(sqlite3_file *f, void *b, int n, sqlite3_int64 o){
  if( fails(CALL_READ) ) return SQLITE_IOERR_READ;
  return REAL(f)->pMethods->xRead(REAL(f), b, n, o);
}
static int fWrite(sqlite3_file *f, const void *b, int n, sqlite3_int64 o){
  if( fails(CALL_WRITE) ){
    if( fault.how==HOW_LIE ) return SQLITE_OK;
    if( fault.how==HOW_PART ) REAL(f)->pMethods->xWrite(REAL(f), b, n/2, o);
    return fault.how==HOW_FULL || fault.how==HOW_PART ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
  return REAL(f)->pMethods->xWrite(REAL(f), b, n, o);
}
static int fSync(sqlite3_file *f, int fl){
  if( fails(CALL_SYNC) ) return fault.how==HOW_LIE ? SQLITE_OK : SQLITE_IOERR_FSYNC;
  return REAL(f)->pMethods->xSync(REAL(f), fl);
}
static int fTruncate(sqlite3_file *f, sqlite3_int64 n){
  if( fails(CALL_TRUNCATE) ) return SQLITE_IOERR_TRUNCATE;
  return REAL(f)->pMethods->xTruncate(REAL(f), n);
}
static int fClose(sqlite3_file *f){ return REAL(f)->pMethods->xClose(REAL(f)); }
static int fSize(sqlite3_file *f, sqlite3_int64 *n){ return REAL(f)->pMethods->xFileSize(REAL(f), n); }
static int fLock(sqlite3_file *f, int e){ return REAL(f)->pMethods->xLock(REAL(f), e); }
static int fUnlock(sqlite3_file *f, int e){ return REAL(f)->pMethods->xUnlock(REAL(f), e); }
static int fCheck(sqlite3_file *f, int *r){ return REAL(f)->pMethods->xCheckReservedLock(REAL(f), r); }
static int fControl(sqlite3_file *f, int op, void *a){ return REAL(f)->pMethods->xFileControl(REAL(f), op, a); }
static int fSector(sqlite3_file *f){ return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static int fDevice(sqlite3_file *f){ return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f)); }
static int fShmMap(sqlite3_file *f, int i, int s, int e, void volatile **p){ return REAL(f)->pMethods->xShmMap(REAL(f), i, s, e, p); }
static int fShmLock(sqlite3_file *f, int o, int n, int fl){ return REAL(f)->pMethods->xShmLock(REAL(f), o, n, fl); }
static void fShmBarrier(sqlite3_file *f){ REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int fShmUnmap(sqlite3_file *f, int d){ return REAL(f)->pMethods->xShmUnmap(REAL(f), d); }

static const sqlite3_io_methods methods = {
  2, fClose, fRead, fWrite, fTruncate, fSync, fSize, fLock, fUnlock, fCheck, fControl, fSector, fDevice,
  fShmMap, fShmLock, fShmBarrier, fShmUnmap, 0, 0
};

static int vOpen(sqlite3_vfs *v, const char *z, sqlite3_file *f, int flags, int *out){
  File *p = (File*)f;
  int rc;
  memset(p, 0, sizeof *p);
  p->real = (sqlite3_file*)&p[1];
  rc = RVFS(v)->xOpen(RVFS(v), z, p->real, flags, out);
  if( rc==SQLITE_OK ) p->base.pMethods = &methods;
  return rc;
}

static sqlite3_vfs vfs;

/* Register "faulty" over the default VFS, and make it the default. */
int faultyRegister(void){
  sqlite3_vfs *r;
  if( sqlite3_initialize() || !(r = sqlite3_vfs_find(0)) ) return 1;
  vfs = *r;                              /* all but opening goes to the real one, which must get itself as its argument */
  vfs.iVersion = 2;
  vfs.pNext = 0;
  vfs.zName = "faulty";
  vfs.szOsFile = (int)sizeof(File) + r->szOsFile;
  vfs.pAppData = r;
  vfs.xOpen = vOpen;
  return sqlite3_vfs_register(&vfs, 1) ? 2 : 0;
}

/* Make a VFS that SQLite brings the default one. */
int faultyDefault(const char *name){
  sqlite3_vfs *r;
  if( sqlite3_initialize() || !(r = sqlite3_vfs_find(name)) ) return 1;
  return sqlite3_vfs_register(r, 1) ? 2 : 0;
}

void faultyArm(int call, int how, long long after, int times){
  __atomic_store_n(&fault.call, 0, __ATOMIC_SEQ_CST);
  fault.how = how; fault.after = after; fault.times = times;
  __atomic_store_n(&fault.seen, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&fault.hit, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&fault.call, call, __ATOMIC_SEQ_CST);
}
long long faultyHit(void){ return __atomic_load_n(&fault.hit, __ATOMIC_SEQ_CST); }
long long faultyCalls(int call){ return __atomic_load_n(&calls[call], __ATOMIC_SEQ_CST); }
