// The web page's files, embedded in the binary, and the routes that serve them: the page itself under
// every address it knows (also those that the W&B client prints), and its scripts under /assets.
//
// Anybody may load the page: it holds no data, and what it shows it asks of the REST API under the
// caller's own key. Everything travels as it was compressed at build time, with an ETag and a content
// policy that lets nothing run but these files.
#pragma once

#include "controller/http/router.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sweepd::web {

std::span<const http::route> routes();

/// One embedded file as it is served.
struct asset {
  std::string_view name;          ///< "app.js", without the ending that tells its compression
  std::string_view content_type;
  std::string_view bytes;         ///< gzip, when `compressed`
  std::string etag;               ///< quoted
  bool compressed = false;
};

/// None when there is no such file. The pointers stay valid for ever.
const asset* find_asset(std::string_view name);
std::span<const asset> assets();

/// What an answer with that file is to a request, given its Accept-Encoding and If-None-Match.
http::response answer_with(const asset& file, std::string_view accept_encoding,
                           std::string_view if_none_match);

}  // namespace sweepd::web
