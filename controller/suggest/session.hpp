// What is kept of a sweep from one request to the next: its runs as they were told last, and its strategy.
//
// A session belongs to one text of a config. Everything in it is derived from the requests, so a session
// that is dropped costs time and changes no answer. One thread.
#pragma once

#include "controller/base/result.hpp"
#include "controller/suggest/history.hpp"
#include "strategies/early_stop/stop_runs.hpp"
#include "strategies/grid.hpp"
#include "strategies/strategy.hpp"

#include <boost/json.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sweepd::suggest {

class session {
 public:
  explicit session(boost::json::value config);

  /// The sweep file as the request has it; may be anything.
  [[nodiscard]] const boost::json::value& config() const { return config_; }

  /// Takes over the runs that a request tells, as history::update().
  result<void> update(std::string_view text, std::size_t at, std::size_t& end);
  /// The runs as the rules of early stopping see them.
  [[nodiscard]] const history& runs() const { return runs_; }

  /// The strategy of `config`, made once; `key` tells apart the variants that a request may ask for.
  result<strategies::strategy*> strategy(const boost::json::object& config, const std::string& key);
  /// That strategy as a grid, which knows the cells that the runs cover; null for other methods.
  [[nodiscard]] strategies::grid* grid() const { return grid_; }
  /// The rule of early stopping in config(), made once; it knows what it was asked last.
  tl::expected<strategies::early_stop::stop_question*, strategies::early_stop::rule_fault> stopping(
      const boost::json::object& config);

 private:
  boost::json::value config_;
  history runs_;
  std::unique_ptr<strategies::strategy> strategy_;
  std::string strategy_key_;
  strategies::grid* grid_ = nullptr;
  std::optional<strategies::early_stop::stop_question> stopping_;
};

/// The sessions of the last few configs.
class sessions {
 public:
  /// The session of a config by its text, made when there is none. Error: invalid, not JSON. Stays valid
  /// until the next call.
  result<session*> of(std::string_view config);

 private:
  struct entry {
    std::string text;
    std::unique_ptr<session> what;
  };
  void drop_old();

  std::list<entry> recent_;  ///< the last used first
};

}  // namespace sweepd::suggest
