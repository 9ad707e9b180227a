// An artifact's manifest: which paths it has, and what is in each. Clients write it as a JSON file and
// read it back; version 1 (wandb/wandb: sdk/artifacts/artifact_manifests/artifact_manifest_v1.py). Pure.
#pragma once

#include "controller/base/result.hpp"

#include <boost/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sweepd::wandb {

namespace bj = boost::json;

struct manifest_entry {
  std::string digest;      ///< base64 of an MD5; of a reference whatever its kind has
  std::uint64_t size = 0;
  std::string ref;         ///< where it lies, when it is not stored here
  bj::object all;          ///< as it was written

  [[nodiscard]] bool stored_here() const { return ref.empty(); }
};

class manifest {
 public:
  /// Errors: invalid, with the place: not version 1, a path that is no good file name, a digest that is none.
  static result<manifest> parse(std::string_view text);

  /// Takes in what `more` has, in place of what is here under the same path.
  void overlay(manifest more);
  [[nodiscard]] std::string print() const;
  [[nodiscard]] const std::map<std::string, manifest_entry>& entries() const { return entries_; }
  [[nodiscard]] std::uint64_t bytes() const;  ///< of all its entries

 private:
  bj::object head_;  ///< everything but the contents
  std::map<std::string, manifest_entry> entries_;
};

/// "1B2M2Y8AsgTpgAmY7PhCfg==" -> "d41d8cd98f00b204e9800998ecf8427e"; none: it is no MD5.
std::optional<std::string> hex_of_md5(std::string_view base64_text);

}  // namespace sweepd::wandb
