// What a webhook is told: which events, in which words, in which body, under which signature. Pure.
#pragma once

#include "controller/core/store.hpp"
#include "controller/core/webhook.hpp"

#include <boost/json.hpp>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::hooks {

namespace bj = boost::json;

/// Every kind there is, in the order in which they are shown.
std::span<const std::string_view> kinds();

/// The kind of an event; empty for those that webhooks are not told (hand-outs, health, keys).
std::string_view kind_of(std::string_view type, const bj::object& body);

/// What a message says of a sweep beside its id.
struct sweep_name {
  std::string name;
  std::string project;
};
using sweep_names = std::map<std::string, sweep_name, std::less<>>;

/// One event to be told.
struct item {
  std::string_view kind;
  core::stored_event event;
  bj::object body;  ///< of the event
};

/// One sentence: what happened to what, and why. Plain text.
std::string sentence(const item& i, const sweep_names& sweeps);

/// Everything that a body is made of.
struct message {
  std::string delivery;             ///< its id, the same for each try
  std::vector<item> items;          ///< none: a test
  sweep_names sweeps;
  std::string base_url;             ///< of the page, for links; empty: none
  instant now;
};

/// Renders an event as GET /api/v1/events does.
using event_view = bj::object (*)(const core::stored_event&);

/// The body in the webhook's shape.
std::string body_of(const core::webhook& to, const message& m, event_view view);

/// "t=1764345600,v1=HEX": seconds since 1970, and HMAC-SHA256 of "1764345600." and the body under the secret.
std::string signature(std::string_view secret, std::string_view body, instant now);

/// Where a request goes: an address for http::client, and the path and query.
struct target {
  std::string origin;  ///< "https://hooks.example.org:8443"
  std::string path;    ///< "/services/T0/B0?x=1"
};
/// Errors: invalid. Only http and https, no user name, no fragment.
result<target> target_of(std::string_view url);

}  // namespace sweepd::hooks
