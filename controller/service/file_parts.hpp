// A file that came whole, as the rows that store it.
#pragma once

#include "controller/core/store.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sweepd::service {

inline constexpr std::size_t file_piece_bytes = std::size_t{1} << 20;

/// Parts of at most file_piece_bytes each under one fresh transfer; an empty file is one empty part.
std::vector<core::file_part> cut_file(const run_id& owner, const std::string& name, std::string_view bytes,
                                      instant now);

}  // namespace sweepd::service
