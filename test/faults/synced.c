/* After each fsync of a ledger's file: a copy of it, as it would be found after a power cut. Preloaded into the program under test. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void keep(int fd) {
  char link[64], path[4096], copy[4128], whole[4128], buffer[65536];
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

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  int result = real(fd);
  if (result == 0) keep(fd);
  return result;
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int result = real(fd);
  if (result == 0) keep(fd);
  return result;
}
