#include "controller/service/file_parts.hpp"

#include "controller/base/digest.hpp"
#include "controller/service/controller.hpp"

namespace sweepd::service {

std::vector<core::file_part> cut_file(const run_id& owner, const std::string& name, std::string_view bytes,
                                      instant now) {
  const auto transfer = fresh_id() + fresh_id();
  const auto sha256 = sha256_hex(bytes);
  std::vector<core::file_part> parts;
  for (std::size_t at = 0; at == 0 || at < bytes.size(); at += file_piece_bytes) {
    core::file_part p;
    p.run = owner;
    p.name = name;
    p.transfer = transfer;
    p.part = parts.size();
    p.bytes = bytes.substr(at, file_piece_bytes);
    p.size = bytes.size();
    p.sha256 = sha256;
    p.at = now;
    parts.push_back(std::move(p));
  }
  parts.back().complete = true;
  return parts;
}

}  // namespace sweepd::service
