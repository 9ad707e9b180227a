#include "controller/cli/errors.hpp"

#include "controller/cli/text.hpp"

#include <ostream>

namespace sweepd::cli {

const std::vector<exit_code_row>& exit_codes() {
  static const std::vector<exit_code_row> rows{
      {exit_with::success, "it worked"},
      {exit_with::failure,
       "it did not work, for a reason not listed here (a failed check, a fault "
       "of the server)"},
      {exit_with::usage, "the command line is wrong"},
      {exit_with::timed_out, "what was waited for did not happen within --timeout"},
      {exit_with::not_authorised, "no key, an unknown key, or a key whose role does not allow it"},
      {exit_with::not_found, "there is no such sweep, run, agent or key"},
      {exit_with::conflict, "the state does not allow it, or it ended otherwise than waited for"},
      {exit_with::bad_input, "an input file or value is invalid; its problems are listed"},
      {exit_with::unreachable, "the server cannot be reached, is busy, or its disk is full"},
      {exit_with::interrupted, "interrupted (Ctrl-C)"},
  };
  return rows;
}

int exit_code_of(errc code) {
  // The one place where the client differs from the server's table: a fault of the server is a
  // plain failure here.
  return code == errc::internal ? exit_with::failure : exit_code(code);
}

std::string usual_advice(errc code, const connection& c, std::string_view command_name) {
  const std::string help =
      command_name.empty() ? "'sweepd help'" : "'sweepd help " + std::string(command_name) + "'";
  switch (code) {
    case errc::invalid:
      return "see " + help;
    case errc::not_found:
      return "'sweepd sweeps' and 'sweepd runs' list what there is";
    case errc::conflict:
      return "look at its state with 'sweepd show'";
    case errc::unauthorized:
      if (!c.has_key) return "set SWEEPD_API_KEY to a key made by 'sweepd keys create'";
      return "the key comes from " + c.key_origin +
             "; check that it is of this server and not "
             "revoked or expired";
    case errc::forbidden:
      return "use a key with a higher role; 'sweepd doctor' shows yours";
    case errc::too_large:
      return "make it smaller or split it";
    case errc::busy:
      return "try again in a moment";
    case errc::unavailable:
      return "start it with 'sweepd serve', or point SWEEPD_URL at it (now " + c.url + " from " +
             c.url_origin + ")";
    case errc::disk_full:
      return "free space on the server's disk; until then it only reads";
    case errc::internal:
      return "look for the request in the server's log";
  }
  return "see " + help;
}

int report(std::ostream& err, const look& how, bool colour, const error& e, const step& at,
           const connection& c, std::string_view command_name) {
  const int code = at.usage ? exit_with::usage : exit_code_of(e.code);
  const std::string what = at.doing.empty() ? std::string{} : "cannot " + clean(at.doing);
  std::string why = clean(e.message);
  const std::string next = at.next.empty() ? usual_advice(e.code, c, command_name) : clean(at.next);

  if (how.as == format::json || how.as == format::jsonl) {
    json::object body{{"code", name(e.code)},
                      {"what", what},
                      {"why", why},
                      {"next", next},
                      {"where", clean(e.where)},
                      {"request_id", clean(at.request_id)},
                      {"exit_code", code}};
    json::array problems;
    for (const auto& p : at.problems)
      problems.push_back(json::object{{"where", clean(p.where)}, {"message", clean(p.message)}});
    body["problems"] = std::move(problems);
    err << compact(json::object{{"error", std::move(body)}}) << '\n';
    return code;
  }
  for (const auto& p : at.problems) err << clean(p.where) << ": " << clean(p.message) << '\n';
  if (!at.problems.empty())
    why = counted(at.problems.size(), "problem");
  else if (!e.where.empty())
    why = clean(e.where) + ": " + why;
  err << painted("error:", tone::bad, colour) << ' ';
  if (!what.empty()) err << what << " — ";
  err << why << " — " << next;
  if (!at.request_id.empty()) err << " [request " << clean(at.request_id) << ']';
  err << '\n';
  return code;
}

}  // namespace sweepd::cli
