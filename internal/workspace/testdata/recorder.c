/* A recorder of file writes, preloaded into the writer of TestPowerCut. Linux only: it sees what goes through the C library
** (SQLite does), not the system calls of Go.
**
**   PLOG     the log to append to
**   PLOGDIR  only files whose path starts with this are recorded, but not the -shm file
**
** Each record: struct rec, the path, for a write the bytes. Operations: 1 write, 2 truncate, 3 sync, 4 unlink.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { OP_WRITE = 1, OP_TRUNCATE, OP_SYNC, OP_UNLINK };
#define MAXFD 4096

struct rec { uint32_t op, nlen; int64_t off, len, ns; };

static int logfd = -2;                /* -2 not yet opened, -1 none */
static const char *dir;
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static char *names[MAXFD];            /* path of each descriptor that is recorded */
static ssize_t (*real_write)(int, const void*, size_t);

static void init(void){
  const char *p;
  if( logfd!=-2 ) return;
  real_write = dlsym(RTLD_NEXT, "write");
  logfd = -1;
  p = getenv("PLOG");
  dir = getenv("PLOGDIR");
  if( p && dir ){
    int (*real)(const char*, int, ...) = dlsym(RTLD_NEXT, "open");
    logfd = real(p, O_CREAT|O_WRONLY|O_APPEND, 0600);
  }
}

static void emit(uint32_t op, const char *name, int64_t off, int64_t len, const void *d){
  struct timespec t;
  struct rec r;
  if( logfd<0 || !name ) return;
  clock_gettime(CLOCK_REALTIME, &t);
  r.op = op; r.nlen = (uint32_t)strlen(name); r.off = off; r.len = len;
  r.ns = (int64_t)t.tv_sec*1000000000LL + t.tv_nsec;
  pthread_mutex_lock(&mu);
  if( real_write(logfd, &r, sizeof r)!=(ssize_t)sizeof r || real_write(logfd, name, r.nlen)!=(ssize_t)r.nlen ) abort();
  while( d && len>0 ){
    ssize_t w = real_write(logfd, d, (size_t)len);
    if( w<=0 ) abort();
    d = (const char*)d + w;
    len -= w;
  }
  pthread_mutex_unlock(&mu);
}

static void track(int fd, const char *p){
  init();
  if( fd<0 || fd>=MAXFD ) return;
  free(names[fd]);
  names[fd] = 0;
  if( logfd>=0 && dir && p && strncmp(p, dir, strlen(dir))==0 && !strstr(p, "-shm") ) names[fd] = strdup(p);
}
static const char *name_of(int fd){ return fd>=0 && fd<MAXFD ? names[fd] : 0; }

#define OPEN(NAME) \
int NAME(const char *p, int fl, ...){ \
  int (*real)(const char*, int, ...) = dlsym(RTLD_NEXT, #NAME); \
  va_list a; mode_t m; int fd; \
  va_start(a, fl); m = va_arg(a, mode_t); va_end(a); \
  fd = real(p, fl, m); \
  track(fd, p); \
  return fd; \
}
OPEN(open)
OPEN(open64)

int close(int fd){
  int (*real)(int) = dlsym(RTLD_NEXT, "close");
  if( name_of(fd) ){ free(names[fd]); names[fd] = 0; }
  return real(fd);
}

#define PWRITE(NAME, OFF) \
ssize_t NAME(int fd, const void *b, size_t n, OFF o){ \
  ssize_t (*real)(int, const void*, size_t, OFF) = dlsym(RTLD_NEXT, #NAME); \
  ssize_t k = real(fd, b, n, o); \
  if( k>0 ) emit(OP_WRITE, name_of(fd), o, k, b); \
  return k; \
}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *b, size_t n){
  off_t o = -1;
  ssize_t k;
  init();
  if( name_of(fd) ) o = lseek(fd, 0, SEEK_CUR);
  k = real_write(fd, b, n);
  if( k>0 ) emit(OP_WRITE, name_of(fd), o, k, b);
  return k;
}

#define TRUNC(NAME, OFF) \
int NAME(int fd, OFF n){ \
  int (*real)(int, OFF) = dlsym(RTLD_NEXT, #NAME); \
  int k = real(fd, n); \
  if( k==0 ) emit(OP_TRUNCATE, name_of(fd), n, 0, 0); \
  return k; \
}
TRUNC(ftruncate, off_t)
TRUNC(ftruncate64, off64_t)

#define SYNC(NAME) \
int NAME(int fd){ \
  int (*real)(int) = dlsym(RTLD_NEXT, #NAME); \
  int k = real(fd); \
  if( k==0 ) emit(OP_SYNC, name_of(fd), 0, 0, 0); \
  return k; \
}
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *p){
  int (*real)(const char*) = dlsym(RTLD_NEXT, "unlink");
  int k = real(p);
  init();
  if( k==0 && dir && strncmp(p, dir, strlen(dir))==0 ) emit(OP_UNLINK, p, 0, 0, 0);
  return k;
}
