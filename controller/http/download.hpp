// A stored file as the answer to a request: saved, never shown, sent piece by piece as it is read. The one
// home of that loop for every edge.
#pragma once

#include "controller/http/router.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sweepd::http {

/// Reads [at, at + limit) of what is sent. Called on the pool for what may block on the disk.
using piece_reader = std::function<result<std::string>(std::uint64_t at, std::size_t limit)>;

/// An attachment of that name and size; the caller may add headers. What can no longer be read half-way, because
/// it was deleted meanwhile, ends the connection: the client sees that the file is not whole.
response download(services& svc, std::string_view name, std::uint64_t size, piece_reader read);

}  // namespace sweepd::http
