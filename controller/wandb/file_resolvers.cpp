// A run's files: where a client may put them, and where it finds them again.
#include "controller/base/base64.hpp"
#include "controller/http/file_name.hpp"
#include "controller/wandb/environment.hpp"
#include "controller/wandb/rows.hpp"
#include "controller/wandb/links.hpp"
#include "controller/wandb/run_files.hpp"
#include "controller/wandb/wandb.hpp"

#include <algorithm>
#include <map>

namespace sweepd::wandb {
namespace {

constexpr std::size_t files_max = 10'000;

/// A name may have any character in it, also those that part an id.
std::string file_id(const run_id& run, std::string_view name) {
  return global_id("File", run.value + "/" + base64(std::string(name)));
}

/// The run that an input names; not_found when there is none.
asio::awaitable<result<run_id>> named_run(call& c, const bj::object& in) {
  SWEEPD_CO_TRY(const auto project, c.env.project(text_in(in, "entityName"), text_in(in, "projectName")));
  const auto name = text_in(in, "runName");
  auto look = [&](const core::state& s, moment) -> result<run_id> {
    const auto* r = find_run(s, c.env.ctx.who, project, name);
    if (r == nullptr) return fail(errc::not_found, "there is no run '" + name + "' in " + project);
    return r->id;
  };
  co_return co_await view(c.env.svc, std::move(look));
}

resolved create_run_files(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  const auto& in = input_of(c);
  SWEEPD_CO_TRY(const auto run, co_await named_run(c, in));
  SWEEPD_CO_TRY(const auto links, co_await links_for(c.env));
  const auto& names = in.at("files").as_array();
  if (names.size() > files_max) co_return fail(errc::too_large, "are more than 10000", "files");
  bj::array files;
  for (const auto& n : names) {
    const std::string name(n.as_string());
    if (auto good = http::check_file_name(name, "files"); !good) co_return failed(good);
    files.push_back({{"id", file_id(run, name)},
                     {"name", name},
                     {"uploadUrl", links(access::upload, run, name)},
                     {"uploadHeaders", bj::array()}});
  }
  bj::object out;
  out["runID"] = global_id("Run", run.value);
  out["uploadHeaders"] = bj::array();
  out["files"] = std::move(files);
  co_return bj::value(std::move(out));
}

/// A file is complete with its PUT: there is nothing left to mark.
resolved mark_uploaded(call& c) {
  if (auto may = c.env.need(http::need::agent); !may) co_return failed(may);
  auto run = co_await named_run(c, input_of(c));
  if (!run) co_return failed(run);
  co_return bj::value(bj::object{{"success", true}});
}

/// Files by their global ids, of any runs: all of them or none, should one not be there.
resolved delete_files(call& c) {
  if (auto may = c.env.need(http::need::operator_); !may) co_return failed(may);
  const auto& ids = input_of(c).at("files").as_array();
  if (ids.size() > files_max) co_return fail(errc::too_large, "are more than 10000", "files");
  std::map<run_id, std::vector<std::string>> wanted;
  for (const auto& id : ids) {
    SWEEPD_CO_TRY(const auto path, name_in("File", std::string(id.as_string())));
    const auto slash = std::min(path.find('/'), path.size());
    wanted[run_id{path.substr(0, slash)}].push_back(unbase64(path.substr(std::min(slash + 1, path.size()))).value_or(""));
  }
  std::vector<core::command> commands;
  for (auto& [run, names] : wanted) {
    if (auto visible = co_await http::must_see(c.env.ctx, c.env.svc, run); !visible) co_return failed(visible);
    auto load = [&reader = c.env.svc.reader, &run = run, &names = names] { return reader.find_files(run, names); };
    SWEEPD_CO_TRY(const auto found, co_await off_strand(c.env.svc, std::move(load)));
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!found[i])
        co_return fail(errc::not_found, "run '" + run.value + "' has no file '" + names[i] + "' that could be deleted", "files");
    commands.emplace_back(core::cmd::delete_files{run, std::move(names)});
  }
  if (auto told = co_await submit_each(c, std::move(commands)); !told) co_return failed(told);
  co_return bj::value(bj::object{{"success", true}});
}

/// SQL's LIKE: % any text, _ any character.
bool like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || pattern[p] == text[t])) {
      ++t, ++p;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

/// Does a caller's list name that file? "./x" is "x".
bool names_file(const bj::array& names, const std::string& file) {
  return std::any_of(names.begin(), names.end(), [&](const bj::value& n) {
    if (!n.is_string()) return false;
    std::string_view name = n.get_string();
    while (name.starts_with("./")) name.remove_prefix(2);
    return name == file;
  });
}

asio::awaitable<result<std::vector<core::file_info>>> chosen_files(call& c) {
  SWEEPD_CO_TRY(const auto found, co_await files_of(c.env.svc, run_of(c)));
  std::vector<core::file_info> all;
  for (const auto& f : found) all.push_back(f.info);
  const auto* names = c.arguments.if_contains("names");
  const bool by_name = names != nullptr && names->is_array() && !names->get_array().empty();
  const auto pattern = text_in(c.arguments, "pattern");
  std::erase_if(all, [&](const core::file_info& f) {
    if (by_name && !names_file(names->get_array(), f.name)) return true;
    return !pattern.empty() && !like(f.name, pattern);
  });
  co_return all;
}

resolved files(call& c) {
  SWEEPD_CO_TRY(auto all, co_await chosen_files(c));
  SWEEPD_CO_TRY(const auto links, co_await links_for(c.env));
  const auto run = run_of(c);
  // Asked for with upload:true, a file that is not there yet is where it would go.
  if (flag_in(c.arguments, "upload").value_or(false) && given(c.arguments, "names"))
    for (const auto& n : c.arguments.at("names").as_array())
      if (std::none_of(all.begin(), all.end(), [&](const auto& f) { return bj::value(f.name) == n; })) {
        core::file_info one;
        one.name = std::string(n.as_string());
        if (auto good = http::check_file_name(one.name, "names"); !good) co_return failed(good);
        all.push_back(std::move(one));
      }
  std::vector<std::string> ids;
  for (const auto& f : all) ids.push_back(f.name);
  const bool may_write = c.env.need(http::need::agent).has_value();
  auto out = connection(ids, c.arguments, [&](std::size_t i) {
    const auto& f = all[i];
    bj::object row;
    row["id"] = file_id(run, f.name);
    row["name"] = f.name;
    row["displayName"] = f.name;
    row["url"] = links(access::download, run, f.name);
    row["directUrl"] = links(access::download, run, f.name);
    if (may_write) row["uploadUrl"] = links(access::upload, run, f.name);
    row["uploadHeaders"] = bj::array();
    row["sizeBytes"] = f.size;
    row["mimetype"] = "application/octet-stream";
    row["updatedAt"] = time_value(f.at);
    row["digest"] = f.sha256;
    return row;
  });
  out["uploadHeaders"] = bj::array();
  co_return bj::value(std::move(out));
}

resolved file_count(call& c) {
  SWEEPD_CO_TRY(const auto all, co_await chosen_files(c));
  co_return bj::value(all.size());
}

/// File.url(upload: true) is where it may be written.
resolved file_url(call& c) {
  const auto key = flag_in(c.arguments, "upload").value_or(false) ? "uploadUrl" : "url";
  const auto* v = c.parent.if_contains(key);
  co_return v == nullptr ? bj::value(nullptr) : *v;
}

constexpr graphql::resolver_row table[] = {
    {"Mutation.createRunFiles", create_run_files},
    {"Mutation.markRunFilesUploaded", mark_uploaded},
    {"Mutation.deleteFiles", delete_files},
    {"Run.files", files},
    {"Run.fileCount", file_count},
    {"File.url", file_url},
};

}  // namespace

std::span<const graphql::resolver_row> file_resolvers() { return table; }

}  // namespace sweepd::wandb
