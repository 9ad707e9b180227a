#include "controller/suggest/session.hpp"

#include "controller/base/json_text.hpp"

#include <algorithm>
#include <utility>

namespace sweepd::suggest {
namespace {

namespace bj = boost::json;

constexpr std::size_t sessions_max = 32;
constexpr std::size_t history_bytes_max = std::size_t{512} << 20;
constexpr json::text_limits config_limits{.depth_max = 64};

metric_rule metric_in(const bj::value& config) {
  metric_rule out;
  const auto* object = config.if_object();
  const auto* written = object == nullptr ? nullptr : object->if_contains("metric");
  const auto* metric = written == nullptr ? nullptr : written->if_object();
  if (metric == nullptr) return out;
  if (const auto* name = metric->if_contains("name"); name != nullptr && name->is_string())
    out.name = std::string(std::string_view(name->get_string()));
  const auto* goal = metric->if_contains("goal");
  out.maximize = goal != nullptr && *goal == "maximize";  // every other goal is minimize
  const auto* stop = object->if_contains("early_terminate");
  const auto* rule = stop == nullptr ? nullptr : stop->if_object();
  const auto* resource = rule == nullptr ? nullptr : rule->if_contains("resource");
  if (resource != nullptr && resource->is_string())
    out.resource = std::string(std::string_view(resource->get_string()));
  return out;
}

}  // namespace

session::session(bj::value config) : config_(std::move(config)), runs_(metric_in(config_)) {}

result<void> session::update(std::string_view text, std::size_t at, std::size_t& end) {
  auto change = runs_.update(text, at, end);
  if (!change) {
    strategy_.reset();
    grid_ = nullptr;
    return tl::unexpected(std::move(change).error());
  }
  if (grid_ == nullptr) return {};
  for (const auto& run : change->gone) grid_->leave(run.config);
  for (const auto i : change->fresh) grid_->visit(runs_.observations()[i].config);
  return {};
}

result<strategies::strategy*> session::strategy(const bj::object& config, const std::string& key) {
  if (strategy_ && strategy_key_ == key) return strategy_.get();
  SWEEPD_TRY(strategy_, strategies::make_strategy(config));
  strategy_key_ = key;
  grid_ = dynamic_cast<strategies::grid*>(strategy_.get());
  if (grid_ != nullptr) grid_->observe(runs_.observations());
  return strategy_.get();
}

tl::expected<strategies::early_stop::stop_question*, strategies::early_stop::rule_fault>
session::stopping(const bj::object& config) {
  if (!stopping_) {
    auto rule = strategies::early_stop::rule::make(config);
    if (!rule) return tl::unexpected(std::move(rule).error());
    stopping_.emplace(std::move(*rule));
  }
  return &*stopping_;
}

result<session*> sessions::of(std::string_view config) {
  const auto found = std::ranges::find(recent_, config, &entry::text);
  if (found != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, found);
  } else {
    SWEEPD_TRY(auto value, json::parse(config, config_limits));
    recent_.push_front({std::string(config), std::make_unique<session>(std::move(value))});
    drop_old();
  }
  return recent_.front().what.get();
}

void sessions::drop_old() {
  std::size_t bytes = 0, n = 0;
  for (auto at = recent_.begin(); at != recent_.end(); ++at) {
    bytes += at->what->runs().bytes();
    if (++n <= sessions_max && (n <= 2 || bytes <= history_bytes_max)) continue;
    recent_.erase(at, recent_.end());
    return;
  }
}

}  // namespace sweepd::suggest
