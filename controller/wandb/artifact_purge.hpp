// After an artifact was deleted: what only it had in it goes from the store too. Files are shared by what is in
// them, so first the manifests of all that is left are read. Off the request, one project at a time.
#pragma once

#include "controller/http/handling.hpp"

#include <string>

namespace sweepd::wandb {

/// Removes what deleted artifacts of the project have left, in the background. Nothing happens while an artifact
/// of the project is being written, or is half written since less than a day: what it needs is not known. So it is
/// called again when one was committed.
boost::asio::awaitable<void> purge_later(http::services& svc, std::string project);

/// The same, awaited; how many artifacts were purged.
boost::asio::awaitable<std::size_t> purge_deleted(http::services& svc, std::string project);

}  // namespace sweepd::wandb
