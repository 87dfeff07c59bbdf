// Files that are either the old one or the whole new one: temporary name, fsync, rename, fsync of
// the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace tractrix {

// The whole file; throws an Error when it is missing, unreadable or larger than most bytes.
std::string read_file(const std::filesystem::path& file, uint64_t most = uint64_t{1} << 32);

// Replaces the file at once. After a crash or a full disk the old content is still there and no
// half-written file is left under this name. Throws an Error that names the file and the system's
// reason.
void write_file(const std::filesystem::path& file, std::string_view bytes);
// The same for content that comes in pieces: sink may be called any number of times.
using Sink = std::function<void(std::string_view)>;
void write_file(const std::filesystem::path& file, const std::function<void(const Sink&)>& fill);

// The same for a file that a library writes by its name: let it fill temporary_for(file), then put
// that in place. The caller removes the temporary file when something goes wrong before.
std::filesystem::path temporary_for(const std::filesystem::path& file);
void put_in_place(const std::filesystem::path& temporary, const std::filesystem::path& file);

// Appends one line and flushes it to the disk.
void append_line(const std::filesystem::path& file, std::string_view line);

// Removes temporary files a killed process may have left in a folder.
void remove_leftovers(const std::filesystem::path& folder);

// SHA-256 in hexadecimal, as the sha256sum program prints it.
std::string sha256(std::string_view bytes);
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace tractrix
