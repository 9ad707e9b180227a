// A webhook: where events are told to, and how far it has been told. The core keeps none of it in its
// state: a command stores the row in the transaction of its event, hooks/ reads and follows it.
#pragma once

#include "controller/base/ids.hpp"
#include "controller/base/instant.hpp"
#include "controller/base/json_record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sweepd {
using webhook_id = strong_id<struct webhook_tag>;  ///< 8 characters of [a-z0-9]
}

namespace sweepd::core {

/// The body that is sent. slack: an incoming webhook's {"text": ...}, which Mattermost takes as well.
enum class webhook_shape { generic, slack };
BOOST_DESCRIBE_ENUM(webhook_shape, generic, slack)

struct webhook {
  static constexpr bool has_defaults = true;
  webhook_id id;
  std::string name;
  std::string url;     ///< may be a secret itself (Slack's are): never shown, in no event
  std::string secret;  ///< signs what is sent
  webhook_shape shape = webhook_shape::generic;
  std::vector<std::string> kinds;  ///< see hooks/message.hpp; empty: every kind
  sweep_id sweep;                  ///< empty: every sweep of the project
  std::string project = "*";
  std::string by;                  ///< key id of whoever made it
  instant created;
  std::uint64_t told_to = 0;       ///< events up to here are told, or not its own
  std::uint64_t delivered = 0;     ///< deliveries that were taken
  std::uint64_t given_up = 0;      ///< deliveries that were not, after every try
  std::string last_error;          ///< of the newest try; empty when it was taken
  std::optional<instant> last_try;
};
BOOST_DESCRIBE_STRUCT(webhook, (), (id, name, url, secret, shape, kinds, sweep, project, by, created, told_to,
                                    delivered, given_up, last_error, last_try))

/// A row to store, or to take away.
struct webhook_row {
  webhook hook;
  bool removed = false;
};

}  // namespace sweepd::core
