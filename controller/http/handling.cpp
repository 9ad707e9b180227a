#include "controller/http/handling.hpp"

#include <algorithm>

namespace sweepd::http {
namespace {

tl::unexpected<error> missing(std::string_view what, const std::string& id) {
  return fail(errc::not_found, "there is no " + std::string(what) + " '" + id + "'");
}

/// The code point that starts at text[i] (valid UTF-8 is the JSON parser's affair), and its length.
std::pair<char32_t, std::size_t> code_point(std::string_view text, std::size_t i) {
  const auto b = static_cast<unsigned char>(text[i]);
  const std::size_t n = b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
  char32_t c = n == 1 ? b : static_cast<char32_t>(b & (0xFF >> (n + 1)));
  for (std::size_t k = 1; k < n && i + k < text.size(); ++k)
    c = (c << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3F);
  return {c, n};
}

/// Characters that change how the text around them is shown: log and terminal injection.
bool deceptive(char32_t c) {
  return (c >= 0x7F && c <= 0x9F) || c == 0x061C || (c >= 0x200E && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

}  // namespace

std::string_view project_of(const core::state& s, const sweep_id& id) {
  const auto* sweep = core::find(s, id);
  return sweep == nullptr ? std::string_view{} : std::string_view(sweep->project);
}

result<const core::sweep*> seen(const core::state& s, const principal& who,
                                const sweep_id& id) {
  const auto* found = core::find(s, id);
  if (found == nullptr || !who.sees(found->project)) return missing("sweep", id.value);
  return found;
}

result<const core::run*> seen(const core::state& s, const principal& who, const run_id& id) {
  const auto* found = core::find(s, id);
  if (found == nullptr || !who.sees(project_of(s, found->sweep))) return missing("run", id.value);
  return found;
}

result<const core::agent*> seen(const core::state& s, const principal& who,
                                const agent_id& id) {
  const auto* found = core::find(s, id);
  if (found == nullptr || !who.sees(project_of(s, found->sweep))) return missing("agent", id.value);
  return found;
}

bool let_in(const core::state& s, std::string_view key_id, instant now) {
  if (const auto it = s.keys.find(sweepd::key_id{std::string(key_id)}); it != s.keys.end())
    return !it->second.revoked && (!it->second.expires || *it->second.expires > now);
  return key_id == local_key_id &&
         std::all_of(s.keys.begin(), s.keys.end(), [](const auto& k) { return k.second.revoked; });
}

result<void> check_text(std::string_view text, std::size_t bytes_max, std::string where,
                        bool lines) {
  if (text.size() > bytes_max)
    return fail(errc::invalid, "is longer than " + std::to_string(bytes_max) + " bytes",
                std::move(where));
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = code_point(text, i);
    const bool line = c == '\n' || c == '\t' || c == '\r';
    if ((c < 0x20 && !(lines && line)) || deceptive(c))
      return fail(errc::invalid, "must not contain control or text-direction characters",
                  std::move(where));
    i += n;
  }
  return {};
}

}  // namespace sweepd::http
