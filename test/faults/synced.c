/*
 * After each fsync of a ledger's file: a copy of it, as it would be found after a power cut; of Redis' file, to which is only ever
 * added, how long it was. And while the file that RETROFIT_TEST_DISK names is there, writes and fsyncs of these files answer the
 * number that it holds (EIO, EROFS). Preloaded into the program under test, and into its Redis.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int isLedger(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strstr(path, ".incr.aof") || (strstr(path, "ledger.sqlite") && !strstr(path, "-shm"));
}

/* What is wrong with the disk now; 0: nothing. */
static int trouble(int fd) {
  const char *name = getenv("RETROFIT_TEST_DISK");
  if (!name || access(name, F_OK) != 0 || !isLedger(fd)) return 0;
  FILE *file = fopen(name, "r");
  int number = 0;
  if (file) {
    if (fscanf(file, "%d", &number) != 1) number = 0;
    fclose(file);
  }
  return number;
}

/* How long Redis' file is now; -1: it is not that file. What is added during an fsync may not be on the disk after it. */
static off_t lengthBefore(int fd, char path[4096]) {
  char link[64];
  struct stat found;
  if (getenv("RETROFIT_TEST_DISK")) return -1;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, 4095);
  if (length <= 0) return -1;
  path[length] = 0;
  return strstr(path, ".incr.aof") && fstat(fd, &found) == 0 ? found.st_size : -1;
}

static void keepLength(const char *path, off_t length) {
  char copy[4128], whole[4128];
  snprintf(whole, sizeof whole, "%s.synced", path);
  snprintf(copy, sizeof copy, "%s.partial", path);
  FILE *file = fopen(copy, "w");
  if (!file) return;
  fprintf(file, "%lld", (long long)length);
  fclose(file);
  rename(copy, whole);
}

static void keep(int fd) {
  char link[64], path[4096], copy[4128], whole[4128], buffer[65536];
  if (getenv("RETROFIT_TEST_DISK")) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  if (!strstr(path, "ledger.sqlite") || strstr(path, "-shm")) return;
  snprintf(whole, sizeof whole, "%s.synced", path);
  snprintf(copy, sizeof copy, "%s.partial", path);
  int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (to < 0) return;
  off_t at = 0;
  for (ssize_t got; (got = pread(fd, buffer, sizeof buffer, at)) > 0; at += got)
    if (write(to, buffer, got) != got) break;
  close(to);
  rename(copy, whole);
}

#define SYNCS(name)                                        \
  int name(int fd) {                                       \
    char path[4096];                                       \
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, #name); \
    int wrong = trouble(fd);                               \
    off_t length = lengthBefore(fd, path);                 \
    int result = wrong ? -1 : real(fd);                    \
    if (wrong) errno = wrong;                              \
    else if (result == 0 && length >= 0) keepLength(path, length); \
    else if (result == 0) keep(fd);                        \
    return result;                                         \
  }

SYNCS(fsync)
SYNCS(fdatasync)

#define WRITES(name, offset)                                                              \
  ssize_t name(int fd, const void *bytes, size_t count, offset at) {                      \
    ssize_t (*real)(int, const void *, size_t, offset) = dlsym(RTLD_NEXT, #name);         \
    int wrong = trouble(fd);                                                              \
    if (!wrong) return real(fd, bytes, count, at);                                        \
    errno = wrong;                                                                        \
    return -1;                                                                            \
  }

WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t count) {
  ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  int wrong = trouble(fd);
  if (!wrong) return real(fd, bytes, count);
  errno = wrong;
  return -1;
}
