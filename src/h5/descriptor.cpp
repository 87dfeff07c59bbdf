#include "descriptor.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#if H5_VERSION_GE(1, 14, 0)
#include <H5FDdevelop.h>
#endif

namespace tractrix::h5 {
namespace descriptor {

// What the next open finds: the library's drivers are given a name only.
struct Next {
  int fd = -1;
  uint64_t size = 0;
};
Next& next() {
  static Next one;
  return one;
}

struct File {
  H5FD_t library{};  // first, as the library wants it
  Next what;
  haddr_t end_of_addresses = 0;
};

File* own(H5FD_t* file) { return reinterpret_cast<File*>(file); }
const File* own(const H5FD_t* file) { return reinterpret_cast<const File*>(file); }

H5FD_t* open(const char*, unsigned flags, hid_t, haddr_t) {
  if (next().fd < 0 || (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) != 0)
    return nullptr;
  auto* file = new File;
  file->what = next();
  return &file->library;
}

herr_t close(H5FD_t* file) {
  delete own(file);
  return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
  if (flags) *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE;
  return 0;
}

haddr_t end_of_addresses(const H5FD_t* file, H5FD_mem_t) { return own(file)->end_of_addresses; }

herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  own(file)->end_of_addresses = address;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return own(file)->what.size; }

// Bytes past the end are zeros, as with the library's own driver.
herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  auto* out = static_cast<char*>(buffer);
  if (address == HADDR_UNDEF || address + size < address || address + size > INT64_MAX) return -1;
  while (size > 0) {
    const ssize_t n = ::pread(own(file)->what.fd, out, std::min<size_t>(size, size_t{1} << 30),
                              static_cast<off_t>(address));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) {
      std::memset(out, 0, size);
      return 0;
    }
    out += n;
    address += static_cast<haddr_t>(n);
    size -= static_cast<size_t>(n);
  }
  return 0;
}

herr_t write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, size_t, const void*) { return -1; }

hid_t driver() {
  static const hid_t id = [] {
    H5FD_class_t what{};
#ifdef H5FD_CLASS_VERSION
    what.version = H5FD_CLASS_VERSION;
    what.value = static_cast<H5FD_class_value_t>(H5_VFD_RESERVED + 1);
#endif
    what.name = "tractrix_descriptor";
    what.maxaddr = INT64_MAX;
    what.fc_degree = H5F_CLOSE_STRONG;
    what.open = open;
    what.close = close;
    what.query = query;
    what.get_eoa = end_of_addresses;
    what.set_eoa = set_end_of_addresses;
    what.get_eof = end_of_file;
    what.read = read;
    what.write = write;
    const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(map), std::end(map), what.fl_map);
    return H5FDregister(&what);
  }();
  return id;
}

// Superblocks from version 3 on say that a writer has the file open, or had it when it was killed.
// The library asks this of its own drivers' files only.
bool marked_as_open(hid_t file, int fd) {
  hsize_t user_block = 0;
  const hid_t creation = H5Fget_create_plist(file);
  const bool known = H5Pget_userblock(creation, &user_block) >= 0;
  H5Pclose(creation);
  unsigned char start[12];  // signature (8), version, two sizes, flags
  if (!known || ::pread(fd, start, sizeof(start), static_cast<off_t>(user_block)) !=
                    static_cast<ssize_t>(sizeof(start)))
    return true;
  return start[8] >= 3 && start[11] != 0;
}

}  // namespace descriptor

hid_t open_descriptor(int fd, uint64_t size) {
  descriptor::next() = {fd, size};
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  const bool set = H5Pset_driver(access, descriptor::driver(), nullptr) >= 0 &&
                   H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0;
  const hid_t file = set ? H5Fopen("descriptor", H5F_ACC_RDONLY, access) : -1;
  H5Pclose(access);
  if (file >= 0 && descriptor::marked_as_open(file, fd)) {
    H5Fclose(file);
    return -1;
  }
  return file;
}

}  // namespace tractrix::h5
