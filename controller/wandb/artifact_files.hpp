// What an artifact's files are stored as: by the MD5 of their content, one place a project; and the
// manifest, a file like any other, that says which path is which. Read off the strand.
#pragma once

#include "controller/core/store.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/manifest.hpp"

#include <string>
#include <vector>

namespace sweepd::wandb {

inline constexpr std::size_t manifest_bytes_max = 32u << 20;

/// A manifest that is stored. `md5`: 32 hex digits. Errors: conflict, when it is not stored; too_large; invalid.
result<manifest> load_manifest(core::reader& from, const std::string& project, const std::string& md5);

/// What is to be put together into one: a manifest, and, under an INCREMENTAL one, that of its base.
struct manifest_source {
  std::string md5;
  std::string base_md5;  ///< empty: none
  bool on_top = false;   ///< of those before it (PATCH)
};
/// Errors: as load_manifest(); conflict, when there is none.
result<manifest> assemble(core::reader& from, const std::string& project, const std::vector<manifest_source>& parts);

/// Says which of the manifest's files are missing or of another size. Errors: conflict.
result<void> all_stored(core::reader& from, const std::string& project, const manifest& m);

}  // namespace sweepd::wandb
